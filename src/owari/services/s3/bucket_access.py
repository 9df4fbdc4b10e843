"""What is said about a bucket: tags, policy, ACL, logging."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.s3 import acl, errors, policies, settings, tags
from owari.services.s3.core import Bucket
from owari.services.s3.rows import find_bucket, open_bucket, registry_of
from owari.store.tx import Tx
from owari.tags import as_pairs
from owari.wire.operation import Params, Result, operation


# ---- tags
@operation("s3", "PutBucketTagging")
def put_bucket_tagging(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    wanted = tags.from_tag_set(p["Tagging"] or {}, tags.BUCKET_TAGS_MAX, "Bucket tag count")
    registry = registry_of(tx, bucket)
    registry.untag(bucket.arn, set(registry.tags(bucket.arn)) - set(wanted))
    registry.tag(bucket.arn, wanted)
    return {}


@operation("s3", "GetBucketTagging", reads=True)
def get_bucket_tagging(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    found = registry_of(tx, bucket).tags(bucket.arn)
    if not found:
        raise ServiceError(
            "NoSuchTagSet",
            "The TagSet does not exist",
            status=404,
            fields={"BucketName": bucket.name},
        )
    return {"TagSet": as_pairs(found)}


@operation("s3", "DeleteBucketTagging")
def delete_bucket_tagging(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    registry = registry_of(tx, bucket)
    registry.untag(bucket.arn, registry.tags(bucket.arn))
    return {}


# ---- policy
@operation("s3", "PutBucketPolicy")
def put_bucket_policy(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    document = policies.parse(p["Policy"], bucket.name)
    block = settings.lookup(tx, bucket.name, "public-access") or {}
    if block.get("BlockPublicPolicy") and policies.is_public(document):
        raise errors.access_denied(
            f"User: {tx.principal} is not authorized to perform: s3:PutBucketPolicy on resource:"
            f' "{bucket.arn}" because public policies are prevented by the BlockPublicPolicy'
            " setting in S3 Block Public Access."
        )
    settings.record(tx, bucket.name, "policy", p["Policy"])
    return {}


def _policy(tx: Tx, p: Params) -> tuple[Bucket, str]:
    bucket = open_bucket(tx, p)
    text = settings.lookup(tx, bucket.name, "policy")
    if text is None:
        raise ServiceError(
            "NoSuchBucketPolicy",
            "The bucket policy does not exist",
            status=404,
            fields={"BucketName": bucket.name},
        )
    return bucket, text


@operation("s3", "GetBucketPolicy", reads=True)
def get_bucket_policy(tx: Tx, p: Params) -> Result:
    return {"Policy": _policy(tx, p)[1]}


@operation("s3", "GetBucketPolicyStatus", reads=True)
def get_bucket_policy_status(tx: Tx, p: Params) -> Result:
    bucket, text = _policy(tx, p)
    return {"PolicyStatus": {"IsPublic": policies.is_public(policies.parse(text, bucket.name))}}


@operation("s3", "DeleteBucketPolicy")
def delete_bucket_policy(tx: Tx, p: Params) -> Result:
    settings.forget(tx, open_bucket(tx, p).name, "policy")
    return {}


# ---- ACL
@operation("s3", "PutBucketAcl")
def put_bucket_acl(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    wanted = acl.requested(p, bucket.account, enabled=bucket.acls_enabled)
    if wanted is None:
        raise ServiceError(
            "MissingSecurityHeader", "Your request was missing a required header", status=400
        )
    settings.record(tx, bucket.name, "acl", wanted)
    return {}


@operation("s3", "GetBucketAcl", reads=True)
def get_bucket_acl(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    found: dict[str, Any] | None = settings.lookup(tx, bucket.name, "acl")
    return found or acl.default(bucket.account)


# ---- logging
@operation("s3", "PutBucketLogging")
def put_bucket_logging(tx: Tx, p: Params) -> Result:
    """An empty status switches it off. Recorded: Owari writes no access logs."""
    bucket = open_bucket(tx, p)
    status = p["BucketLoggingStatus"] or {}
    target = (status.get("LoggingEnabled") or {}).get("TargetBucket")
    if not status.get("LoggingEnabled"):
        settings.forget(tx, bucket.name, "logging")
        return {}
    if find_bucket(tx, target or "") is None:
        raise ServiceError(
            "InvalidTargetBucketForLogging",
            "The target bucket for logging does not exist",
            status=400,
            fields={"TargetBucket": target or ""},
        )
    settings.record(tx, bucket.name, "logging", status)
    return {}


@operation("s3", "GetBucketLogging", reads=True)
def get_bucket_logging(tx: Tx, p: Params) -> Result:
    found: dict[str, Any] | None = settings.lookup(tx, open_bucket(tx, p).name, "logging")
    return found or {}
