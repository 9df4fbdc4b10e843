"""Code: a package from the caller or from S3, checked and kept as a blob; a folder; an image.

A folder is what `S3Bucket=hot-reload` names, with its absolute path as `S3Key`: it is not copied
but used as it is at each invocation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from owari.errors import ServiceError
from owari.services.lambda_ import sql
from owari.services.lambda_.archive import check_archive
from owari.services.lambda_.faults import USER, invalid
from owari.services.lambda_.model import Source
from owari.store.tx import Tx
from owari.wire.message import Body, Segment
from owari.wire.operation import Params

HOT_RELOAD = "hot-reload"
LOCATION_S = 600
_FROM_S3 = ("S3Bucket", "S3Key", "S3ObjectVersion")


@dataclass(frozen=True, slots=True)
class Package:
    """A zip that is not stored yet."""

    data: bytes
    unzipped: int

    def source(self) -> Source:
        digest = hashlib.sha256(self.data).hexdigest()
        return Source(code=digest, size=len(self.data), unzipped=self.unzipped)

    def store(self, tx: Tx) -> Source:
        """Whoever records it keeps the blob in this transaction."""
        tx.blobs.put(self.data)
        return self.source()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Code that is not ours to store: a folder or an image."""

    place: Source

    def source(self) -> Source:
        return self.place

    def store(self, _tx: Tx) -> Source:
        return self.place


def received(tx: Tx, code: Params, package_type: str = "Zip") -> Package | Elsewhere:
    """The code that FunctionCode names. Raises InvalidParameterValueException,
    CodeStorageExceededException and RequestEntityTooLargeException."""
    uri = code.get("ImageUri")
    if (package_type == "Image") != bool(uri):
        raise invalid(
            f"Please provide {'ImageUri' if package_type == 'Image' else 'a package'} when the"
            f" PackageType of the function is {package_type}."
        )
    return Elsewhere(Source(image=uri)) if uri else packed(tx, code)


def packed(tx: Tx, code: Params) -> Package | Elsewhere:
    """Likewise, of a function's package or a layer's content."""
    if code.get("ZipFile") is not None:
        if any(code.get(key) for key in _FROM_S3):
            raise invalid(
                "Please do not provide other FunctionCode parameters when providing a ZipFile."
            )
        data = _direct(tx, code["ZipFile"])
    elif code.get("S3Bucket") == HOT_RELOAD and code.get("S3Key", "").startswith("/"):
        return Elsewhere(Source(folder=_folder(code["S3Key"])))
    elif code.get("S3Bucket") and code.get("S3Key"):
        data = _from_s3(tx, code)
    else:
        raise invalid("Please provide a source for function code.")
    unzipped = check_archive(data, tx.limits.function_unzipped_max_bytes)
    _, used = sql.usage(tx)
    if used + len(data) > tx.limits.function_code_storage_max_bytes:
        raise ServiceError(
            "CodeStorageExceededException",
            "Code storage limit exceeded.",
            status=400,
            fields=dict(USER),
        )
    return Package(data, unzipped)


def _folder(path: str) -> str:
    if not Path(path).is_dir():
        raise invalid(f"There is no folder {path} on this machine to reload code from.")
    return path


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
        if wanted["Bucket"] == HOT_RELOAD and error.code == "NoSuchBucket":
            raise invalid(
                f"S3Key {wanted['Key']} must be a whole path to reload code from."
            ) from None
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


def location(tx: Tx, source: Source) -> str:
    """A signed URL of a package, good for ten minutes as on AWS (http/packages.py serves it)."""
    if source.folder:
        return f"file://{source.folder}"
    expires = int(tx.real_now) + LOCATION_S
    seal = tx.issuer.seal(f"{source.code}:{expires}")
    return f"{tx.address}/_owari/code/{source.code}?Expires={expires}&Signature={seal}"
