"""Buckets and object versions as rows: found, stored, removed, their blobs counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from owari.services.s3 import errors, sql
from owari.services.s3.core import (
    NULL,
    Bucket,
    Content,
    Draft,
    Version,
    owner_id,
    version_id,
    version_seq,
)
from owari.services.s3.names import check_key
from owari.services.s3.paging import Position
from owari.services.s3.pieces import Piece, Pieces, blobs
from owari.store.encode import dumps, loads
from owari.store.resources import Resources
from owari.store.tx import Row, Tx

Params = dict[str, Any]


# ---- buckets
def bucket_from(row: Row) -> Bucket:
    controls = row["ownership"] and loads(row["ownership"])  # None: unset, or taken away
    return Bucket(
        name=row["name"],
        account=row["account"],
        region=row["region"],
        created=row["created"],
        versioning=row["versioning"],
        ownership=controls["Rules"][0]["ObjectOwnership"] if controls else None,
        encryption=row["encryption"] and loads(row["encryption"]),
        notification=row["notification"] and loads(row["notification"]),
    )


def find_bucket(tx: Tx, name: str) -> Bucket | None:
    row = tx.one(f"{sql.BUCKET} WHERE b.name = ?", name)
    return bucket_from(row) if row else None


def open_bucket(tx: Tx, p: Params) -> Bucket:
    """The bucket a request names. Raises NoSuchBucket, or AccessDenied when it belongs to
    another account than `ExpectedBucketOwner`."""
    bucket = find_bucket(tx, p["Bucket"])
    if bucket is None:
        raise errors.no_such_bucket(p["Bucket"])
    expected = p.get("ExpectedBucketOwner")
    if expected is not None and expected != bucket.account:
        raise errors.access_denied()
    return bucket


def registry_of(tx: Tx, bucket: Bucket) -> Resources:
    """The registry of resources as the bucket's owner sees it, whoever calls."""
    return Resources(tx.connection, bucket.account, bucket.region, tx.now)


# ---- pieces and blobs
def dump_pieces(pieces: Pieces) -> str | None:
    """NULL for the commonest case: all of it lies in the row."""
    if all(p.blob is None for p in pieces) and len(pieces) <= 1:
        return None
    return dumps([list(piece) for piece in pieces])


def load_pieces(text: str | None, size: int) -> Pieces:
    if text is None:
        return (Piece(None, 0, size),) if size else ()
    return tuple(Piece(*piece) for piece in loads(text))


def change_references(tx: Tx, kept: Iterable[Pieces], dropped: Iterable[Pieces]) -> None:
    """Count blobs up for each row that keeps them and down for each that let go."""
    change = Counter(blob for pieces in kept for blob in blobs(pieces))
    change.subtract(blob for pieces in dropped for blob in blobs(pieces))
    for blob, difference in change.items():
        for _ in range(difference):
            tx.blobs.keep(tx.connection, blob, tx.now)
        for _ in range(-difference):
            tx.blobs.drop(tx.connection, blob, tx.now)


# ---- versions
def _dump_meta(content: Content, draft: Draft, upload: str | None) -> str:
    meta: dict[str, Any] = {"headers": draft.headers, "owner": draft.owner}
    if draft.metadata:
        meta["metadata"] = draft.metadata
    if draft.tags:
        meta["tags"] = draft.tags
    if draft.acl:
        meta["acl"] = draft.acl
    if content.checksums:
        meta["checksums"] = content.checksums
        meta["checksum_type"] = content.checksum_type
    if content.parts:
        meta["parts"] = content.parts
    if upload:
        meta["upload"] = upload
    return dumps(meta)


def version_from(row: Row, bucket: str) -> Version:
    meta = loads(row["meta"])
    return Version(
        bucket=bucket,
        key=row["key"],
        seq=row["seq"],
        id=row["version"],
        marker=bool(row["marker"]),
        modified=row["modified"],
        content=Content(
            size=row["size"],
            etag=row["etag"],
            pieces=load_pieces(row["pieces"], row["size"]),
            body=row["body"],
            checksums=meta.get("checksums", {}),
            checksum_type=meta.get("checksum_type", "FULL_OBJECT"),
            parts=tuple((size, sums) for size, sums in meta.get("parts", ())),
        ),
        draft=Draft(
            headers=meta["headers"],
            metadata=meta.get("metadata", {}),
            tags=meta.get("tags", {}),
            acl=meta.get("acl"),
            owner=meta["owner"],
        ),
        upload=meta.get("upload"),
    )


def latest(tx: Tx, bucket: str, key: str) -> Version | None:
    """The newest version, be it an object or a delete marker."""
    row = tx.one(
        f"{sql.OBJECT} WHERE bucket = ? AND key = ? ORDER BY seq DESC LIMIT 1", bucket, key
    )
    return version_from(row, bucket) if row else None


def current_etag(version: Version | None) -> str | None:
    return None if version is None or version.marker else version.content.etag


def by_id(tx: Tx, bucket: str, key: str, id: str) -> Version | None:
    """Raises InvalidArgument when `id` cannot be a version id."""
    where = f"{sql.OBJECT} WHERE bucket = ? AND key = ?"
    if id == NULL:
        row = tx.one(f"{where} AND version = ?", bucket, key, NULL)
    else:
        seq = version_seq(id)
        if seq is None:
            raise errors.invalid_argument("Invalid version id specified", "versionId", id)
        row = tx.one(f"{where} AND seq = ? AND version = ?", bucket, key, seq, id)
    return version_from(row, bucket) if row else None


def find(tx: Tx, bucket: Bucket, p: Params, *, method: str = "GET") -> Version:
    """The version a request names. Raises NoSuchKey, NoSuchVersion, MethodNotAllowed."""
    key, wanted = p["Key"], p.get("VersionId")
    check_key(key, tx.limits)
    if wanted is None:
        found = latest(tx, bucket.name, key)
        if found is None:
            raise errors.no_such_key(key)
        if found.marker:
            raise errors.no_such_key(key, marker_headers(found))
        return found
    found = by_id(tx, bucket.name, key, wanted)
    if found is None:
        raise errors.no_such_version(key, wanted)
    if found.marker:
        raise errors.delete_marker_method(method, marker_headers(found))
    return found


def marker_headers(marker: Version) -> dict[str, str]:
    return {"x-amz-delete-marker": "true", "x-amz-version-id": marker.id}


def shown_version(bucket: Bucket, version: Version) -> dict[str, str]:
    """`VersionId` of an answer: none in a bucket that never had versioning."""
    return {"VersionId": version.id} if bucket.versioning else {}


def new_version(tx: Tx, bucket: Bucket, seq: int) -> str:
    return version_id(seq, tx.random.getrandbits(128)) if bucket.versioning == "Enabled" else NULL


def add(
    tx: Tx,
    bucket: Bucket,
    key: str,
    content: Content,
    draft: Draft,
    *,
    before: Version | None,
    marker: bool = False,
    upload: str | None = None,
    let_go: Iterable[Pieces] = (),
) -> Version:
    """Store a new latest version. `before` is the latest one so far; `let_go` are the pieces
    of rows (parts) that the caller removes in the same breath."""
    seq = tx.next_seq()
    id = new_version(tx, bucket, seq)
    dropped = list(let_go)
    if before is not None:
        if id == NULL:
            dropped += _remove_null(tx, bucket, before)
        if id != NULL or before.id != NULL:
            tx.run(
                "UPDATE s3_object SET current = 0 WHERE bucket = ? AND key = ? AND current = 1",
                bucket.name,
                key,
            )
    tx.run(
        sql.INSERT_OBJECT,
        bucket.name, key, seq, id, int(not marker), int(marker), tx.now, content.size,
        content.etag, _dump_meta(content, draft, upload), dump_pieces(content.pieces),
        content.body,
    )  # fmt: skip
    change_references(tx, [content.pieces], dropped)
    return Version(bucket.name, key, seq, id, marker, tx.now, content, draft, upload)


def _remove_null(tx: Tx, bucket: Bucket, before: Version) -> list[Pieces]:
    """The null version is replaced, wherever in the history it lies."""
    old = before if before.id == NULL else by_id(tx, bucket.name, before.key, NULL)
    if old is None:
        return []
    _delete_row(tx, old)
    return [old.content.pieces]


def _delete_row(tx: Tx, version: Version) -> None:
    tx.run(
        "DELETE FROM s3_object WHERE bucket = ? AND key = ? AND seq = ?",
        version.bucket,
        version.key,
        version.seq,
    )


def remove(tx: Tx, version: Version) -> None:
    """Remove one version for good; the one before it becomes the latest."""
    _delete_row(tx, version)
    change_references(tx, [], [version.content.pieces])
    previous = latest(tx, version.bucket, version.key)
    if previous is not None and previous.seq < version.seq and not previous.marker:
        tx.run(
            "UPDATE s3_object SET current = 1 WHERE bucket = ? AND key = ? AND seq = ?",
            version.bucket,
            version.key,
            previous.seq,
        )


def is_alone(tx: Tx, version: Version) -> bool:
    """Whether its key has no other version."""
    other = tx.one(
        "SELECT 1 FROM s3_object WHERE bucket = ? AND key = ? AND seq <> ? LIMIT 1",
        version.bucket,
        version.key,
        version.seq,
    )
    return other is None


def redescribe(tx: Tx, version: Version, draft: Draft) -> None:
    """Change tags or ACL of a version; neither its time nor its place changes."""
    tx.run(
        "UPDATE s3_object SET meta = ? WHERE bucket = ? AND key = ? AND seq = ?",
        _dump_meta(version.content, draft, version.upload),
        version.bucket,
        version.key,
        version.seq,
    )


# ---- walks
Walk = Iterator[tuple[Position, Version]]


def current_from(tx: Tx, bucket: str, at: Position) -> Walk:
    """Objects as listings see them, in key order, from `at`."""
    rows = tx.connection.execute(
        f"{sql.ENTRY} WHERE bucket = ? AND key >= ? AND current = 1 ORDER BY key",
        (bucket, at.key),
    )
    return ((Position(row["key"], 0), version_from(row, bucket)) for row in rows)


def versions_from(tx: Tx, bucket: str, at: Position) -> Walk:
    """All versions: keys in order, the newest version of each first."""
    for sql_text, args in (
        (
            f"{sql.ENTRY} WHERE bucket = ? AND key = ? AND seq <= ? ORDER BY seq DESC",
            (bucket, at.key, -at.order),
        ),
        (f"{sql.ENTRY} WHERE bucket = ? AND key > ? ORDER BY key, seq DESC", (bucket, at.key)),
    ):
        for row in tx.connection.execute(sql_text, args):
            yield Position(row["key"], -row["seq"]), version_from(row, bucket)


def owner_of(version: Version) -> dict[str, str]:
    return {"ID": owner_id(version.draft.owner)}
