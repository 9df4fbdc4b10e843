"""A distributed Map's ItemReader: objects of a bucket, or what a file in one holds."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

from owari.errors import ServiceError
from owari.services.stepfunctions import map_runs, sdk
from owari.services.stepfunctions.asl.instructions import ReadItems
from owari.services.stepfunctions.asl.json_text import loads
from owari.services.stepfunctions.asl.reports import ItemsRead, ItemsUnreadable
from owari.services.stepfunctions.items import Unreadable, max_items, parse
from owari.services.stepfunctions.running import Running
from owari.store.tx import Tx
from owari.wire.message import read_body
from owari.wire.sdk_input import ParameterError

Json = dict[str, Any]
FILE_MAX_BYTES = 1024 * 1024 * 1024


def read_items(tx: Tx, r: Running, read: ReadItems) -> ItemsRead | ItemsUnreadable:
    reader = read.reader
    config = reader.get("ReaderConfig") or {}
    try:
        most = max_items(config)
        items = _items(tx, reader, config, most)
        return ItemsRead(read.frame, read.run_arn, items if most is None else items[:most])
    except Unreadable as why:
        cause = str(why)
    except ServiceError as error:
        cause = f"{error.message} (Service: S3, Status Code: {error.status or 400})"
    except ParameterError as error:
        cause = str(error)
    map_runs.unreadable(tx, r, read)
    return ItemsUnreadable(read.frame, read.run_arn, cause)


def _items(tx: Tx, reader: Json, config: Json, most: int | None) -> list[Any]:
    action = str(reader.get("Resource", "")).rpartition(":")[2]
    given = reader.get("Parameters") or reader.get("Arguments") or {}
    if action == "listObjectsV2":
        return _listed(tx, given, most)
    if action != "getObject":
        raise Unreadable(f"Owari has no item reader {reader.get('Resource')}.")
    data = _file(tx, given)
    if config.get("InputType") == "MANIFEST":
        return _manifest(tx, data, config)
    return parse(data, config)


def _call(tx: Tx, action: str, given: Json) -> Json:
    target = sdk.find("s3", action)
    assert target is not None
    params = sdk.to_boto(target.model.input, given)
    return tx.call("s3", target.operation, params)


def _file(tx: Tx, given: Json) -> bytes:
    body = _call(tx, "getObject", given)["Body"]
    if body.length > FILE_MAX_BYTES:
        raise Unreadable(f"The file is larger than {FILE_MAX_BYTES} bytes.")
    return read_body(body)


def _listed(tx: Tx, given: Json, most: int | None) -> list[Any]:
    """The objects as ListObjectsV2 describes them, from all its pages."""
    target = sdk.find("s3", "listObjectsV2")
    assert target is not None
    found: list[Any] = []
    page = {**given}
    while True:
        answer = _call(tx, "listObjectsV2", page)
        told = sdk.from_boto(target.model.output, answer, optimized=False)
        found += told.get("Contents") or []
        more = answer.get("NextContinuationToken")
        if not more or (most is not None and len(found) >= most):
            return found
        page = {**given, "ContinuationToken": more}


def _manifest(tx: Tx, data: bytes, config: Json) -> list[Any]:
    """An S3 Inventory manifest: its CSV files' lines, all of them."""
    try:
        manifest = loads(data.decode())
        headers = [name.strip() for name in manifest["fileSchema"].split(",")]
        bucket = manifest["destinationBucket"].rpartition(":")[2]
        files = [entry["key"] for entry in manifest["files"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable("The file is not an S3 Inventory manifest.") from error
    if manifest.get("fileFormat", "CSV") != "CSV":
        raise Unreadable(f"Owari reads inventories of CSV, not {manifest['fileFormat']}.")
    given = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": headers}
    items: list[Any] = []
    for key in files:
        items += parse(_unzipped(_file(tx, {"Bucket": bucket, "Key": key})), given)
    return items


def _unzipped(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable("An inventory file is not valid gzip.") from error
