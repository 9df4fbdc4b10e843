"""Buckets: create, head, list, delete, location, versioning."""

from __future__ import annotations

import re
from typing import Any

from owari.errors import ServiceError
from owari.services.s3 import acl, errors, names, paging, settings, sql, tags
from owari.services.s3.checks import PUBLIC_ACCESS, ownership
from owari.services.s3.core import Bucket, owner
from owari.services.s3.pieces import Pieces
from owari.services.s3.rows import (
    bucket_from,
    change_references,
    find_bucket,
    load_pieces,
    open_bucket,
    registry_of,
)
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

TYPE = "AWS::S3::Bucket"
CLASSIC = "us-east-1"
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}|EU")


# ---- create
@operation("s3", "CreateBucket")
def create_bucket(tx: Tx, p: Params) -> Result:
    name = p["Bucket"]
    names.check_bucket_name(name)
    if p.get("ObjectLockEnabledForBucket"):
        raise errors.header_not_implemented("x-amz-bucket-object-lock-enabled")
    configuration = p.get("CreateBucketConfiguration") or {}
    region = _region(tx.region, configuration.get("LocationConstraint"))
    existing = find_bucket(tx, name)
    if existing is not None:
        return _existing(existing, tx.account, region)
    chosen = p.get("ObjectOwnership")
    wanted = acl.requested(p, tx.account, enabled=chosen != "BucketOwnerEnforced")
    tag_set = {"TagSet": configuration.get("Tags") or []}
    tagged = tags.from_tag_set(tag_set, tags.BUCKET_TAGS_MAX, "Bucket tag count")
    tx.run(
        "INSERT INTO s3_bucket (name, account, region, created, versioning)"
        " VALUES (?, ?, ?, ?, '')",
        name,
        tx.account,
        region,
        tx.now,
    )
    if chosen:
        controls = ownership({"Rules": [{"ObjectOwnership": chosen}]})
        settings.record(tx, name, "ownership", controls)
    # What AWS has set on every new bucket since April 2023.
    settings.record(tx, name, "public-access", dict.fromkeys(PUBLIC_ACCESS, True))
    if wanted is not None:
        settings.record(tx, name, "acl", wanted)
    bucket = find_bucket(tx, name)
    assert bucket is not None
    registry_of(tx, bucket).created(bucket.arn, TYPE, tagged)
    return _created(bucket)


def _created(bucket: Bucket) -> dict[str, Any]:
    where = f"/{bucket.name}"
    if bucket.region != CLASSIC:
        where = f"http://{bucket.name}.s3.amazonaws.com/"
    return {"Location": where, "BucketArn": bucket.arn}


def _region(own: str, constraint: str | None) -> str:
    """Where a bucket comes to lie. The classic endpoint accepts every constraint but its own."""
    odd = constraint not in (None, own) and not _REGION.fullmatch(constraint or "")
    if odd or constraint == CLASSIC:
        raise ServiceError(
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
            status=400,
            fields={"LocationConstraint": constraint},
        )
    chosen = "eu-west-1" if constraint == "EU" else constraint
    if own == CLASSIC:
        return chosen or CLASSIC
    if chosen != own:
        raise ServiceError(
            "IllegalLocationConstraintException",
            f"The {constraint or 'unspecified'} location constraint is incompatible for the"
            " region specific endpoint this request was sent to.",
            status=400,
        )
    return chosen


def _existing(bucket: Bucket, account: str, region: str) -> dict[str, Any]:
    fields = {"BucketName": bucket.name}
    if bucket.account != account:
        raise ServiceError(
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all"
            " users of the system. Please select a different name and try again.",
            status=409,
            fields=fields,
        )
    if bucket.region == region == CLASSIC:
        return _created(bucket)
    raise ServiceError(
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        status=409,
        fields=fields,
    )


# ---- delete
@operation("s3", "DeleteBucket")
def delete_bucket(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    if tx.one("SELECT 1 FROM s3_object WHERE bucket = ? LIMIT 1", bucket.name):
        what = " You must delete all versions in the bucket." if bucket.versioning else ""
        raise ServiceError(
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty." + what,
            status=409,
            fields={"BucketName": bucket.name},
        )
    _drop_uploads(tx, bucket)
    tx.run("DELETE FROM s3_setting WHERE bucket = ?", bucket.name)
    tx.run("DELETE FROM s3_bucket WHERE name = ?", bucket.name)
    registry_of(tx, bucket).deleted(bucket.arn)
    return {}


def _drop_uploads(tx: Tx, bucket: Bucket) -> None:
    """Uploads in progress do not keep a bucket; they end with it."""
    mine = "SELECT id FROM s3_upload WHERE bucket = ?"
    rows = tx.all(f"SELECT pieces, size FROM s3_part WHERE upload IN ({mine})", bucket.name)
    dropped: list[Pieces] = [load_pieces(row["pieces"], row["size"]) for row in rows]
    change_references(tx, [], dropped)
    tx.run(f"DELETE FROM s3_part WHERE upload IN ({mine})", bucket.name)
    tx.run("DELETE FROM s3_upload WHERE bucket = ?", bucket.name)


# ---- look
@operation("s3", "HeadBucket", reads=True)
def head_bucket(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    return {"BucketArn": bucket.arn, "BucketRegion": bucket.region, "AccessPointAlias": False}


@operation("s3", "GetBucketLocation", reads=True)
def get_bucket_location(tx: Tx, p: Params) -> Result:
    region = open_bucket(tx, p).region
    return {"LocationConstraint": None if region == CLASSIC else region}


@operation("s3", "ListBuckets", reads=True)
def list_buckets(tx: Tx, p: Params) -> Result:
    most, prefix = p.get("MaxBuckets"), p.get("Prefix") or ""
    if most is not None and not 1 <= most <= 10_000:
        raise errors.invalid_argument(
            "Argument max-buckets must be an integer between 1 and 10000", "max-buckets", most
        )
    start = paging.position_of(p["ContinuationToken"]).key if p.get("ContinuationToken") else ""
    rows = tx.all(
        f"{sql.BUCKET} WHERE b.account = ? AND b.name >= ? AND substr(b.name, 1, ?) = ?"
        " AND (? = '' OR b.region = ?) ORDER BY b.name LIMIT ?",
        tx.account, max(start, prefix), len(prefix), prefix,
        p.get("BucketRegion") or "", p.get("BucketRegion") or "", (most or 10_000) + 1,
    )  # fmt: skip
    found = [bucket_from(row) for row in rows[: most or 10_000]]
    answer: dict[str, Any] = {"Owner": owner(tx.account)}
    answer["Buckets"] = [
        {
            "Name": bucket.name,
            "CreationDate": bucket.created,
            "BucketRegion": bucket.region,
            "BucketArn": bucket.arn,
        }
        for bucket in found
    ]
    if len(rows) > len(found):
        answer["ContinuationToken"] = paging.token_of(paging.after_key(found[-1].name))
    if prefix:
        answer["Prefix"] = prefix
    return answer


# ---- versioning
@operation("s3", "PutBucketVersioning")
def put_versioning(tx: Tx, p: Params) -> Result:
    bucket = open_bucket(tx, p)
    configuration = p["VersioningConfiguration"] or {}
    if configuration.get("MFADelete") == "Enabled":
        raise errors.header_not_implemented("x-amz-mfa")
    status = configuration.get("Status")
    if status not in ("Enabled", "Suspended"):
        raise ServiceError(
            "IllegalVersioningConfigurationException",
            "The Versioning element must be specified",
            status=400,
        )
    tx.run("UPDATE s3_bucket SET versioning = ? WHERE name = ?", status, bucket.name)
    return {}


@operation("s3", "GetBucketVersioning", reads=True)
def get_versioning(tx: Tx, p: Params) -> Result:
    """Nothing at all for a bucket that never had it."""
    status = open_bucket(tx, p).versioning
    return {"Status": status} if status else {}
