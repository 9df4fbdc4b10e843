"""Names of buckets and keys. Source: S3 User Guide, "General purpose bucket naming rules"."""

from __future__ import annotations

import re

from owari.errors import ServiceError
from owari.limits import Limits

_BUCKET = re.compile(
    r"(?=.{3,63}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\Z"
)
_IP = re.compile(r"\d+\.\d+\.\d+\.\d+\Z")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_bucket_name(name: str) -> bool:
    return (
        _BUCKET.match(name) is not None
        and not _IP.match(name)
        and not name.startswith(_PREFIXES)
        and not name.endswith(_SUFFIXES)
    )


def check_bucket_name(name: str) -> None:
    if not is_bucket_name(name):
        raise ServiceError(
            "InvalidBucketName",
            "The specified bucket is not valid.",
            status=400,
            fields={"BucketName": name},
        )


def check_key(key: str, limits: Limits) -> None:
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > limits.object_key_max_bytes:
        raise ServiceError(
            "KeyTooLongError",
            "Your key is too long",
            status=400,
            fields={"Size": str(size), "MaxSizeAllowed": str(limits.object_key_max_bytes)},
        )
    if not key.isascii() and any("\ud800" <= c <= "\udfff" for c in key):
        raise ServiceError("InvalidURI", "Couldn't parse the specified URI.", status=400)
