"""Multipart uploads and their parts as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from owari.services.s3 import errors, sql
from owari.services.s3.assembly import Part, Plan
from owari.services.s3.core import Content, Draft, version_id, version_seq
from owari.services.s3.paging import Position
from owari.services.s3.rows import change_references, dump_pieces, load_pieces
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload in progress. Times are epoch seconds."""

    bucket: str
    key: str
    seq: int
    id: str
    initiated: float
    account: str
    draft: Draft
    plan: Plan

    @property
    def storage_class(self) -> str:
        return str(self.draft.headers.get("StorageClass", "STANDARD"))


def start(
    tx: Tx, bucket: str, key: str, draft: Draft, algorithm: str | None, checksum_type: str
) -> Upload:
    seq = tx.next_seq()
    id = version_id(seq, tx.random.getrandbits(128))
    plan = Plan(id, algorithm, checksum_type)
    meta = {
        "headers": draft.headers,
        "metadata": draft.metadata,
        "tags": draft.tags,
        "acl": draft.acl,
        "algorithm": algorithm,
        "checksum_type": checksum_type,
    }
    tx.run(
        "INSERT INTO s3_upload (bucket, key, seq, id, initiated, account, meta)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        bucket, key, seq, id, tx.now, draft.owner, dumps(meta),
    )  # fmt: skip
    return Upload(bucket, key, seq, id, tx.now, draft.owner, draft, plan)


def _upload(row: Row) -> Upload:
    meta = loads(row["meta"])
    draft = Draft(meta["headers"], meta["metadata"], meta["tags"], meta["acl"], row["account"])
    plan = Plan(row["id"], meta["algorithm"], meta["checksum_type"])
    return Upload(
        row["bucket"], row["key"], row["seq"], row["id"], row["initiated"], row["account"],
        draft, plan,
    )  # fmt: skip


def find(tx: Tx, bucket: str, key: str, id: str) -> Upload | None:
    seq = version_seq(id)
    row = seq is not None and tx.one(
        "SELECT * FROM s3_upload WHERE bucket = ? AND key = ? AND seq = ? AND id = ?",
        bucket, key, seq, id,
    )  # fmt: skip
    return _upload(row) if row else None


def open_upload(tx: Tx, bucket: str, p: Params) -> Upload:
    """Raises NoSuchUpload."""
    found = find(tx, bucket, p["Key"], p["UploadId"])
    if found is None:
        raise errors.no_such_upload(p["UploadId"])
    return found


def walk_from(tx: Tx, bucket: str, at: Position) -> Iterator[tuple[Position, Upload]]:
    """Uploads by key, the oldest of each key first."""
    for text, args in (
        ("key = ? AND seq >= ? ORDER BY seq", (bucket, at.key, at.order)),
        ("key > ? ORDER BY key, seq", (bucket, at.key)),
    ):
        sql_text = f"SELECT * FROM s3_upload WHERE bucket = ? AND {text}"
        for row in tx.connection.execute(sql_text, args):
            yield Position(row["key"], row["seq"]), _upload(row)


def close(tx: Tx, upload: Upload) -> None:
    """Remove the upload and its parts; their blobs are the caller's affair."""
    tx.run("DELETE FROM s3_part WHERE upload = ?", upload.id)
    tx.run(
        "DELETE FROM s3_upload WHERE bucket = ? AND key = ? AND seq = ?",
        upload.bucket, upload.key, upload.seq,
    )  # fmt: skip


# ---- parts
def put_part(tx: Tx, upload: Upload, number: int, content: Content) -> None:
    """A part uploaded again replaces the first."""
    old = tx.one(
        "SELECT size, pieces FROM s3_part WHERE upload = ? AND number = ?", upload.id, number
    )
    dropped = [load_pieces(old["pieces"], old["size"])] if old else []
    tx.run(
        sql.PUT_PART,
        upload.id, number, tx.now, content.size, content.etag, dumps(content.checksums),
        dump_pieces(content.pieces), content.body,
    )  # fmt: skip
    change_references(tx, [content.pieces], dropped)


def _part(row: Row) -> Part:
    return Part(
        row["number"], row["size"], row["etag"], row["modified"], loads(row["checksums"]),
        load_pieces(row["pieces"], row["size"]), row["body"],
    )  # fmt: skip


def parts_of(tx: Tx, upload: Upload, after: int = 0, most: int = -1) -> list[Part]:
    """Parts by number; a negative `most` is all of them."""
    rows = tx.all(
        "SELECT * FROM s3_part WHERE upload = ? AND number > ? ORDER BY number LIMIT ?",
        upload.id, after, most if most >= 0 else 1_000_000,
    )  # fmt: skip
    return [_part(row) for row in rows]
