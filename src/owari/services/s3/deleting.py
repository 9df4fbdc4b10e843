"""DeleteObject and DeleteObjects."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.s3 import announce, errors, rows
from owari.services.s3.conditions import check_delete
from owari.services.s3.core import Bucket, Content, Draft
from owari.services.s3.events import EMPTY_MD5
from owari.services.s3.names import check_key
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

BATCH_MAX = 1000
_DIRECTORY_ONLY = {
    "IfMatchLastModifiedTime": "x-amz-if-match-last-modified-time",
    "IfMatchSize": "x-amz-if-match-size",
}


@operation("s3", "DeleteObject")
def delete_object(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    for name, header in _DIRECTORY_ONLY.items():
        if p.get(name) is not None:
            raise errors.header_not_implemented(header)
    return delete(tx, bucket, p["Key"], p.get("VersionId"), p.get("IfMatch"))


def delete(
    tx: Tx,
    bucket: Bucket,
    key: str,
    version: str | None,
    if_match: str | None = None,
    family: str = "ObjectRemoved",
) -> dict[str, Any]:
    """Deleting what does not exist succeeds. Every refusal comes before the first change."""
    check_key(key, tx.limits)
    if if_match is not None:
        refusal = check_delete(if_match, rows.current_etag(rows.latest(tx, bucket.name, key)))
        if refusal is not None:
            raise refusal
    if version is not None:
        return _delete_version(tx, bucket, key, version, family)
    if bucket.versioning:
        return _mark(tx, bucket, key, family)
    found = rows.latest(tx, bucket.name, key)
    if found is not None:
        rows.remove(tx, found)
        announce.removed(tx, bucket, f"{family}:Delete", key, None)
    return {}


def _delete_version(tx: Tx, bucket: Bucket, key: str, version: str, family: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"VersionId": version}
    found = rows.by_id(tx, bucket.name, key, version)
    if found is not None:
        rows.remove(tx, found)
        announce.removed(tx, bucket, f"{family}:Delete", key, version)
        if found.marker:
            answer["DeleteMarker"] = True
    return answer


def _mark(tx: Tx, bucket: Bucket, key: str, family: str) -> dict[str, Any]:
    """A delete marker becomes the latest version; with versioning suspended it takes the
    place of the null version."""
    before = rows.latest(tx, bucket.name, key)
    draft = Draft({}, {}, {}, None, tx.account)
    content = Content(0, EMPTY_MD5)
    marker = rows.add(tx, bucket, key, content, draft, before=before, marker=True)
    announce.removed(tx, bucket, f"{family}:DeleteMarkerCreated", key, marker.id)
    return {"DeleteMarker": True, "VersionId": marker.id}


@operation("s3", "DeleteObjects")
def delete_objects(tx: Tx, p: Params) -> Result:
    """Each key for itself: what is refused is listed, the others are deleted."""
    bucket = rows.open_bucket(tx, p)
    batch = p["Delete"] or {}
    wanted = batch.get("Objects") or []
    if not 1 <= len(wanted) <= BATCH_MAX:
        raise errors.malformed_xml()
    deleted, refused = [], []
    for entry in wanted:
        try:
            done = delete(tx, bucket, entry["Key"], entry.get("VersionId"), entry.get("ETag"))
        except ServiceError as error:
            refused.append(_named(entry) | {"Code": error.code, "Message": error.message})
        else:
            deleted.append(_named(entry) | _outcome(done, entry))
    answer: dict[str, Any] = {} if batch.get("Quiet") else {"Deleted": deleted}
    if refused:
        answer["Errors"] = refused
    return answer


def _named(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("Key", "VersionId") if entry.get(name) is not None}


def _outcome(done: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Whether a marker was made or removed, and which."""
    if not done.get("DeleteMarker"):
        return {}
    return {"DeleteMarker": True, "DeleteMarkerVersionId": done["VersionId"]}
