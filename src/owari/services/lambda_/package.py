"""A deployment package: from the caller or from S3, checked, and kept as a blob."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from owari.errors import ServiceError
from owari.services.lambda_ import sql
from owari.services.lambda_.archive import check_archive
from owari.services.lambda_.faults import USER, beyond_owari, invalid
from owari.store.tx import Tx
from owari.wire.message import Body, Segment
from owari.wire.operation import Params

_FROM_S3 = ("S3Bucket", "S3Key", "S3ObjectVersion")


@dataclass(frozen=True, slots=True)
class Package:
    data: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def store(self, tx: Tx) -> str:
        """The blob id, which is the SHA-256 in hex. The caller keeps it in this transaction."""
        return tx.blobs.put(self.data)


def received(tx: Tx, code: Params) -> Package:
    """The package that FunctionCode names. Raises InvalidParameterValueException,
    CodeStorageExceededException and RequestEntityTooLargeException."""
    if code.get("ImageUri"):
        raise beyond_owari("functions of PackageType Image")
    if code.get("ZipFile") is not None:
        if any(code.get(key) for key in _FROM_S3):
            raise invalid(
                "Please do not provide other FunctionCode parameters when providing a ZipFile."
            )
        data = _direct(tx, code["ZipFile"])
    elif code.get("S3Bucket") and code.get("S3Key"):
        data = _from_s3(tx, code)
    else:
        raise invalid("Please provide a source for function code.")
    check_archive(data, tx.limits.function_unzipped_max_bytes)
    _, used = sql.usage(tx)
    if used + len(data) > tx.limits.function_code_storage_max_bytes:
        raise ServiceError(
            "CodeStorageExceededException",
            "Code storage limit exceeded.",
            status=400,
            fields=dict(USER),
        )
    return Package(data)


def _direct(tx: Tx, data: bytes) -> bytes:
    if len(data) > tx.limits.function_zip_max_bytes:
        raise ServiceError(
            "RequestEntityTooLargeException",
            f"Zipped size must be smaller than {tx.limits.function_zip_max_bytes} bytes",
            status=413,
        )
    return data


def _from_s3(tx: Tx, code: Params) -> bytes:
    wanted = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
    if code.get("S3ObjectVersion"):
        wanted["VersionId"] = code["S3ObjectVersion"]
    try:
        body: Body = tx.call("s3", "GetObject", wanted)["Body"]
    except ServiceError as error:
        if error.status is not None and error.status >= 500:
            raise
        raise invalid(
            f"Error occurred while GetObject. S3 Error Code: {error.code}."
            f" S3 Error Message: {error.message}"
        ) from None
    if body.length >= tx.limits.function_unzipped_max_bytes:
        raise invalid(
            f"Unzipped size must be smaller than {tx.limits.function_unzipped_max_bytes} bytes"
        )
    return b"".join(_bytes_of(segment) for segment in body.segments)


def _bytes_of(segment: Segment) -> bytes:
    if segment.data is not None:
        return segment.data
    assert segment.path is not None, "a segment is bytes or part of a file"
    with Path(segment.path).open("rb") as file:
        file.seek(segment.offset)
        return file.read(segment.length)
