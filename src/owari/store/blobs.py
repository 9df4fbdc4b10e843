"""Large bodies: files under a name of their own, counted by reference.

A body is received into a temporary file, fsynced and renamed before the transaction that
records it; the transaction says `keep`. A name nobody keeps is swept after a grace period.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import uuid
from pathlib import Path

MIGRATIONS = (
    """
    CREATE TABLE blob (
        id TEXT PRIMARY KEY,
        refs BIGINT NOT NULL,
        changed DOUBLE PRECISION NOT NULL
    );
    CREATE INDEX blob_unused ON blob (changed) WHERE refs = 0;
    """,
)

GRACE_S = 3600.0  # an upload in flight, or a reader that has not opened its file yet
HURRIED_GRACE_S = 60.0  # the same, when the disk fills up


class BlobStore:
    """Files of one data folder. Ids are hex digests (`put`) or random (`new`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, blob: str) -> Path:
        return self.folder / blob[:2] / blob

    def new(self) -> Path:
        """A temporary file name to write a new blob to; `adopt` gives it its id."""
        return self.folder / f"tmp-{uuid.uuid4().hex}"

    def adopt(self, temporary: Path, blob: str | None = None) -> str:
        """Make a completely written, fsynced file durable under its id."""
        blob = blob or uuid.uuid4().hex
        final = self.path(blob)
        if not final.parent.is_dir():
            final.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self.folder)
        temporary.rename(final)
        _sync_folder(final.parent)
        return blob

    def put(self, data: bytes) -> str:
        """Store bytes under their SHA-256 (hex). For code and other content that repeats."""
        blob = hashlib.sha256(data).hexdigest()
        if not self.path(blob).exists():
            temporary = self.new()
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self.adopt(temporary, blob)
        return blob

    def room(self, reserve: int) -> int:
        """Bytes that bodies may still take: what is free, less `reserve` (or an eighth of a small
        disk), so that a full disk can still be told to delete something."""
        disk = os.statvfs(self.folder)
        total, free = disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize
        return free - min(reserve, total // 8)

    def read(self, blob: str) -> bytes:
        return self.path(blob).read_bytes()

    # ---- references, inside a transaction
    def keep(self, connection: sqlite3.Connection, blob: str, now: float) -> None:
        connection.execute(
            "INSERT INTO blob (id, refs, changed) VALUES (?, 1, ?)"
            " ON CONFLICT (id) DO UPDATE SET refs = blob.refs + 1, changed = excluded.changed",
            (blob, now),
        )

    def drop(self, connection: sqlite3.Connection, blob: str, now: float) -> None:
        connection.execute("UPDATE blob SET refs = refs - 1, changed = ? WHERE id = ?", (now, blob))

    # ---- sweep
    def unused(
        self, connection: sqlite3.Connection, now: float, grace_s: float, most: int
    ) -> list[str]:
        """Blobs nobody keeps, past the grace period; their rows are removed."""
        rows = connection.execute(
            "SELECT id FROM blob WHERE refs = 0 AND changed < ? LIMIT ?", (now - grace_s, most)
        ).fetchall()
        connection.executemany("DELETE FROM blob WHERE id = ?", [(row["id"],) for row in rows])
        return [row["id"] for row in rows]

    def unlink(self, blobs: list[str]) -> None:
        """After the commit that removed their rows."""
        for blob in blobs:
            self.path(blob).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
