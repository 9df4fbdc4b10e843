"""Opening the embedded database: durability settings and forward migrations."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from owari.store import blobs, outbox, resources, spans

BASE = """
CREATE TABLE IF NOT EXISTS schema_version (service TEXT PRIMARY KEY, version BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS kernel (
    id BIGINT PRIMARY KEY,
    clock DOUBLE PRECISION NOT NULL,
    seq BIGINT NOT NULL
);
INSERT INTO kernel (id, clock, seq) VALUES (1, 0, 0) ON CONFLICT (id) DO NOTHING;
"""

STORE_MIGRATIONS = {
    "store.outbox": outbox.MIGRATIONS,
    "store.resources": resources.MIGRATIONS,
    "store.blobs": blobs.MIGRATIONS,
    "store.spans": spans.MIGRATIONS,
}


class NewerSchemaError(Exception):
    """The data folder was written by a newer Owari."""


def connect(path: Path, *, writer: bool) -> sqlite3.Connection:
    """A connection in autocommit mode: transactions are begun and ended explicitly.

    The writer commits with a full fsync (WAL, synchronous=FULL); a reader can change nothing.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA busy_timeout = 5000")
    if writer:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA foreign_keys = OFF")
    else:
        connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -16000")
    return connection


def migrate(connection: sqlite3.Connection, services: dict[str, tuple[str, ...]]) -> None:
    """Apply what is new, all of it or nothing."""
    connection.executescript(BASE)
    new = []
    known = dict(connection.execute("SELECT service, version FROM schema_version").fetchall())
    every = STORE_MIGRATIONS | services
    if strange := sorted(set(known) - set(every)):
        raise NewerSchemaError(
            f"it holds tables of {', '.join(strange)}, which this Owari does not know:"
            " start the newer version, or another --data folder"
        )
    for service, steps in every.items():
        done = known.get(service, 0)
        if done > len(steps):
            raise NewerSchemaError(
                f"{service} tables are of version {done}, this Owari knows {len(steps)}: "
                "start the newer version, or another --data folder"
            )
        if done < len(steps):
            new += [
                *steps[done:],
                f"INSERT INTO schema_version (service, version) VALUES ('{service}', {len(steps)})"
                " ON CONFLICT (service) DO UPDATE SET version = excluded.version",
            ]
    if new:
        joined = "\n;\n".join(new)  # a step may end with a comment
        connection.executescript(f"BEGIN IMMEDIATE; {joined}; COMMIT;")
