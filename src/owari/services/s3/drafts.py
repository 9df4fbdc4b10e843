"""From the parameters of an upload to what is stored beside the content. Pure.

Encryption is recorded and reported as S3 reports it; the data folder itself (mode 0700) is what
protects the bytes. Source: S3 API Reference, PutObject; User Guide, "Working with object
metadata".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.errors import ServiceError
from owari.limits import Limits
from owari.services.s3 import acl, errors, tags
from owari.services.s3.core import Bucket, Draft
from owari.services.s3.customer_key import customer_key

Params = Mapping[str, Any]

_COPIED = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
)
_ENCRYPTION = (
    "ServerSideEncryption",
    "SSEKMSKeyId",
    "BucketKeyEnabled",
    "SSECustomerAlgorithm",
    "SSECustomerKeyMD5",
)
STORAGE_CLASSES = {
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
}
_LOCK = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")


def draft_of(p: Params, bucket: Bucket, account: str, limits: Limits) -> Draft:
    """Everything PutObject, CopyObject (REPLACE) and CreateMultipartUpload share."""
    if any(name in p for name in _LOCK):
        raise errors.invalid_request("Bucket is missing Object Lock Configuration")
    return Draft(
        headers=system_headers(p) | placement(p, bucket),
        metadata=metadata_of(p, limits),
        tags=tags.from_header(p.get("Tagging"), limits.object_tags_max),
        acl=acl.requested(p, account, enabled=bucket.acls_enabled),
        owner=account,
    )


def system_headers(p: Params) -> dict[str, Any]:
    headers = {name: p[name] for name in _COPIED if p.get(name) is not None}
    headers.setdefault("ContentType", "binary/octet-stream")
    if encoding := headers.pop("ContentEncoding", None):
        kept = [part for part in encoding.split(",") if part.strip() != "aws-chunked"]
        if kept:
            headers["ContentEncoding"] = ",".join(kept)
    return headers


def placement(p: Params, bucket: Bucket) -> dict[str, Any]:
    """Storage class, redirect and encryption: what a copy does not take from its source."""
    storage_class = p.get("StorageClass") or "STANDARD"
    if storage_class not in STORAGE_CLASSES:
        raise ServiceError(
            "InvalidStorageClass",
            "The storage class you specified is not valid",
            status=400,
            fields={"StorageClassRequested": storage_class},
        )
    headers = encryption_of(p, bucket)
    if storage_class != "STANDARD":
        headers["StorageClass"] = storage_class
    if redirect := p.get("WebsiteRedirectLocation"):
        if not redirect.startswith(("/", "http://", "https://")):
            raise ServiceError(
                "InvalidRedirectLocation",
                "The website redirect location must have a prefix of 'http://' or 'https://'"
                " or '/'.",
                status=400,
            )
        headers["WebsiteRedirectLocation"] = redirect
    return headers


def encryption_of(p: Params, bucket: Bucket) -> dict[str, Any]:
    """What the request asks for, else the bucket's default, else AES256."""
    md5, chosen = customer_key(p), p.get("ServerSideEncryption")
    if md5 is not None and chosen is not None:
        raise errors.invalid_argument(
            "Server Side Encryption with Customer provided key is incompatible with the encryption"
            " method specified",
            "x-amz-server-side-encryption",
            chosen,
        )
    if md5 is not None:
        return {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": md5}
    if chosen is None:
        return _default_encryption(p, bucket)
    if chosen not in ("AES256", "aws:kms", "aws:kms:dsse"):
        raise errors.invalid_argument(
            "The encryption method specified is not supported",
            "x-amz-server-side-encryption",
            chosen,
        )
    headers: dict[str, Any] = {"ServerSideEncryption": chosen}
    if chosen == "AES256":
        if p.get("SSEKMSKeyId"):
            raise errors.invalid_argument(
                "Server Side Encryption with AWS KMS managed key requires HTTP header"
                " x-amz-server-side-encryption : aws:kms",
                "x-amz-server-side-encryption",
            )
        return headers
    headers["SSEKMSKeyId"] = p.get("SSEKMSKeyId") or _managed_key(bucket)
    if p.get("BucketKeyEnabled") is not None:
        headers["BucketKeyEnabled"] = p["BucketKeyEnabled"]
    return headers


def _default_encryption(p: Params, bucket: Bucket) -> dict[str, Any]:
    rules = (bucket.encryption or {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault") or {"SSEAlgorithm": "AES256"}
    headers: dict[str, Any] = {"ServerSideEncryption": default["SSEAlgorithm"]}
    if default["SSEAlgorithm"] != "AES256":
        headers["SSEKMSKeyId"] = default.get("KMSMasterKeyID") or _managed_key(bucket)
        headers["BucketKeyEnabled"] = bool(rules[0].get("BucketKeyEnabled"))
    return headers


def _managed_key(bucket: Bucket) -> str:
    return f"arn:aws:kms:{bucket.region}:{bucket.account}:alias/aws/s3"


def metadata_of(p: Params, limits: Limits) -> dict[str, str]:
    """User metadata, names in lower case; names and values together at most 2 KiB."""
    metadata = {name.lower(): value for name, value in (p.get("Metadata") or {}).items()}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > limits.object_metadata_max_bytes:
        raise ServiceError(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            status=400,
            fields={"Size": str(size), "MaxSizeAllowed": str(limits.object_metadata_max_bytes)},
        )
    return metadata


def echo(draft: Draft) -> dict[str, Any]:
    """The encryption headers that every answer about the object repeats."""
    headers = draft.headers
    return {name: headers[name] for name in _ENCRYPTION if name in headers}


def check_customer_key(p: Params, draft: Draft, *, prefix: str = "") -> None:
    """An object stored with a customer's key is read with the same key, others with none."""
    stored = draft.headers.get("SSECustomerKeyMD5")
    given = customer_key(p, prefix)
    if stored == given:
        return
    if stored is None:
        raise errors.invalid_request("The encryption parameters are not applicable to this object.")
    if given is None:
        raise errors.invalid_request(
            "The object was stored using a form of Server Side Encryption. The correct"
            " parameters must be provided to retrieve the object."
        )
    raise errors.access_denied()
