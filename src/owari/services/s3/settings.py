"""Bucket settings that are recorded and returned as they were given: one table for all.

A setting is a document of one kind per bucket. Declaring one more is adding a line to SETTINGS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from owari.errors import ServiceError
from owari.services.s3 import checks, sql
from owari.services.s3.rows import open_bucket
from owari.store.encode import dumps, loads
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

Document = dict[str, Any]


# ---- the table
def lookup(tx: Tx, bucket: str, kind: str, unset: Any = None) -> Any | None:
    row = tx.one("SELECT value FROM s3_setting WHERE bucket = ? AND kind = ?", bucket, kind)
    return loads(row["value"]) if row else unset


def record(tx: Tx, bucket: str, kind: str, value: Any) -> None:
    tx.run(sql.PUT_SETTING, bucket, kind, dumps(value))


def forget(tx: Tx, bucket: str, kind: str) -> None:
    tx.run("DELETE FROM s3_setting WHERE bucket = ? AND kind = ?", bucket, kind)


# ---- the kinds
@dataclass(frozen=True, slots=True)
class Setting:
    """`member` is the document's name in requests, and in answers when `wrapped`.

    `missing` is the error when it is not set, or what is then answered. `unset`: what a bucket has
    until somebody sets it or takes it away.
    """

    kind: str
    put: str
    get: str
    delete: str | None
    member: str
    missing: tuple[str, str] | Document
    wrapped: bool = False
    unset: Document | None = None
    check: Callable[[Document], Document] = lambda document: document

    def answer(self, document: Document) -> Document:
        return {self.member: document} if self.wrapped else document


SETTINGS = (
    Setting(
        "cors", "PutBucketCors", "GetBucketCors", "DeleteBucketCors", "CORSConfiguration",
        ("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
        check=checks.cors,
    ),
    Setting(
        "ownership", "PutBucketOwnershipControls", "GetBucketOwnershipControls",
        "DeleteBucketOwnershipControls", "OwnershipControls",
        ("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
        wrapped=True, check=checks.ownership,
        unset={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    ),
    Setting(
        "public-access", "PutPublicAccessBlock", "GetPublicAccessBlock",
        "DeletePublicAccessBlock", "PublicAccessBlockConfiguration",
        (
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        ),
        wrapped=True, check=checks.public_access,
    ),
    Setting(
        "encryption", "PutBucketEncryption", "GetBucketEncryption", "DeleteBucketEncryption",
        "ServerSideEncryptionConfiguration",
        {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                    "BucketKeyEnabled": False,
                }
            ]
        },
        wrapped=True, check=checks.encryption,
    ),
    Setting(
        "website", "PutBucketWebsite", "GetBucketWebsite", "DeleteBucketWebsite",
        "WebsiteConfiguration",
        (
            "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration",
        ),
        check=checks.website,
    ),
    Setting(
        "request-payment", "PutBucketRequestPayment", "GetBucketRequestPayment", None,
        "RequestPaymentConfiguration", {"Payer": "BucketOwner"}, check=checks.payment,
    ),
    Setting(
        "accelerate", "PutBucketAccelerateConfiguration", "GetBucketAccelerateConfiguration",
        None, "AccelerateConfiguration", {}, check=checks.accelerate,
    ),
)  # fmt: skip


def _declare(setting: Setting) -> None:
    @operation("s3", setting.put)
    def put(tx: Tx, p: Params) -> Result:
        bucket = open_bucket(tx, p)
        record(tx, bucket.name, setting.kind, setting.check(p[setting.member] or {}))
        return {}

    @operation("s3", setting.get, reads=True)
    def get(tx: Tx, p: Params) -> Result:
        bucket = open_bucket(tx, p)
        document = lookup(tx, bucket.name, setting.kind, setting.unset)
        if document is None:
            if isinstance(setting.missing, tuple):
                raise _missing(bucket.name, *setting.missing)
            document = setting.missing
        return setting.answer(document)

    if setting.delete is not None:

        @operation("s3", setting.delete)
        def delete(tx: Tx, p: Params) -> Result:
            bucket = open_bucket(tx, p)
            if setting.unset is None:
                forget(tx, bucket.name, setting.kind)
            else:
                record(tx, bucket.name, setting.kind, None)
            return {}


for _setting in SETTINGS:
    _declare(_setting)


def _missing(bucket: str, code: str, message: str) -> ServiceError:
    return ServiceError(code, message, status=404, fields={"BucketName": bucket})


# ---- what Owari does not do, and says truly that a bucket has none of
def _declare_absent(name: str, code: str, message: str) -> None:
    @operation("s3", name, reads=True)
    def get(tx: Tx, p: Params) -> Result:
        raise _missing(open_bucket(tx, p).name, code, message)


_declare_absent(
    "GetBucketReplication",
    "ReplicationConfigurationNotFoundError",
    "The replication configuration was not found",
)
_declare_absent(
    "GetObjectLockConfiguration",
    "ObjectLockConfigurationNotFoundError",
    "Object Lock configuration does not exist for this bucket",
)
