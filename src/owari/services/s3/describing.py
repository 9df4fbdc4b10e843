"""What is known of an object besides its bytes: tags, ACL, attributes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.errors import ServiceError
from owari.services.s3 import acl, announce, checksums, drafts, errors, rows, tags
from owari.services.s3.core import Content
from owari.services.s3.objects import shown_checksums
from owari.services.s3.paging import most_of
from owari.store.tx import Tx
from owari.tags import as_pairs
from owari.wire.operation import Params, Result, operation


# ---- tags
@operation("s3", "PutObjectTagging")
def put_object_tagging(tx: Tx, p: Params) -> Result:
    tagged = tags.from_tag_set(p["Tagging"] or {}, tx.limits.object_tags_max, "Object tags")
    return _retag(tx, p, tagged, "ObjectTagging:Put", "PUT")


@operation("s3", "DeleteObjectTagging")
def delete_object_tagging(tx: Tx, p: Params) -> Result:
    return _retag(tx, p, {}, "ObjectTagging:Delete", "DELETE")


def _retag(tx: Tx, p: Params, tagged: dict[str, str], event: str, method: str) -> dict[str, Any]:
    bucket = rows.open_bucket(tx, p)
    version = rows.find(tx, bucket, p, method=method)
    rows.redescribe(tx, version, replace(version.draft, tags=tagged))
    announce.stored(tx, bucket, event, version)
    return rows.shown_version(bucket, version)


@operation("s3", "GetObjectTagging", reads=True)
def get_object_tagging(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    version = rows.find(tx, bucket, p)
    return {"TagSet": as_pairs(version.draft.tags), **rows.shown_version(bucket, version)}


# ---- ACL
@operation("s3", "PutObjectAcl")
def put_object_acl(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    version = rows.find(tx, bucket, p, method="PUT")
    wanted = acl.requested(p, version.draft.owner, enabled=bucket.acls_enabled)
    if wanted is None:
        raise ServiceError(
            "MissingSecurityHeader", "Your request was missing a required header", status=400
        )
    if wanted != (version.draft.acl or acl.default(version.draft.owner)):
        rows.redescribe(tx, version, replace(version.draft, acl=wanted))
        announce.stored(tx, bucket, "ObjectAcl:Put", version)
    return {}


@operation("s3", "GetObjectAcl", reads=True)
def get_object_acl(tx: Tx, p: Params) -> Result:
    version = rows.find(tx, rows.open_bucket(tx, p), p)
    return version.draft.acl or acl.default(version.draft.owner)


# ---- attributes
_ATTRIBUTES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


@operation("s3", "GetObjectAttributes", reads=True)
def get_object_attributes(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    wanted = {
        name.strip() for entry in p.get("ObjectAttributes") or () for name in entry.split(",")
    }
    if not wanted or not wanted.issubset(_ATTRIBUTES):
        raise errors.invalid_argument(
            "Invalid attribute name specified.",
            "x-amz-object-attributes",
            ",".join(sorted(wanted)),
        )
    version = rows.find(tx, bucket, p)
    drafts.check_customer_key(p, version.draft)
    content = version.content
    known: dict[str, Any] = {
        "ETag": content.etag,
        "Checksum": _plain(shown_checksums(content)),
        "ObjectParts": _object_parts(p, content),
        "StorageClass": version.storage_class,
        "ObjectSize": content.size,
    }
    answer = {name: value for name, value in known.items() if name in wanted and value is not None}
    answer["LastModified"] = version.modified
    return answer | rows.shown_version(bucket, version)


def _plain(shown: dict[str, str]) -> dict[str, str] | None:
    """Here a composite checksum comes without the number of its parts."""
    return {name: value.partition("-")[0] for name, value in shown.items()} or None


def _object_parts(p: Params, content: Content) -> dict[str, Any] | None:
    """Parts are listed only if they have checksums; how many there are is always told."""
    if not content.parts:
        return None
    answer: dict[str, Any] = {"TotalPartsCount": len(content.parts)}
    if not content.checksums:
        return answer
    most = most_of(p.get("MaxParts"), "max-parts")
    marker = max(p.get("PartNumberMarker") or 0, 0)
    listed = list(enumerate(content.parts, 1))[marker : marker + most]
    last = listed[-1][0] if listed else 0
    return answer | {
        "PartNumberMarker": marker,
        "NextPartNumberMarker": last,
        "MaxParts": most,
        "IsTruncated": bool(listed) and last < len(content.parts),
        "Parts": [
            {"PartNumber": number, "Size": size, **checksums.members(sums)}
            for number, (size, sums) in listed
        ],
    }
