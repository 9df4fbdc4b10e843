"""What happened, for `owari trace`: a row per operation that had effects and per effect that ended.

Rows are written in the transaction they tell of, many by one statement; the oldest go when there
are too many. Nothing but the trace reads them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from owari.effects import Call, Http, Run
from owari.store.outbox import Envelope
from owari.store.span_names import subject_of
from owari.tracing import parse, span_of

KEPT_MAX = 200_000
REMOVED_AT_ONCE = 2_000

MIGRATIONS = (
    """
    CREATE TABLE span (
        seq INTEGER PRIMARY KEY,
        root TEXT NOT NULL,
        span TEXT NOT NULL,
        parent TEXT NOT NULL,
        id TEXT NOT NULL,
        attempt BIGINT NOT NULL,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        subject TEXT NOT NULL,
        made TEXT NOT NULL,
        status TEXT NOT NULL,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        principal TEXT NOT NULL,
        emitted DOUBLE PRECISION NOT NULL,
        began DOUBLE PRECISION NOT NULL,
        ended DOUBLE PRECISION
    );
    CREATE INDEX span_root ON span (root);
    CREATE INDEX span_id ON span (id);
    """,
)


class Span(NamedTuple):
    """The columns of the table, but for `seq`.

    `kind` is request (from outside, or by a function), call, run or http; `subject` what it was
    done to, `made` the id of what came of it (a message, job or execution; of a run its log
    stream). `status` is `ok`, AWS's
    error code, or what a run reported. Times are service time, epoch seconds; `ended` is None
    while it has not.
    """

    root: str
    span: str
    parent: str
    id: str
    attempt: int
    kind: str
    name: str
    subject: str
    made: str
    status: str
    account: str
    region: str
    principal: str
    emitted: float
    began: float
    ended: float | None


_INSERT = (
    f"INSERT INTO span ({', '.join(Span._fields)}) VALUES ({', '.join('?' * len(Span._fields))})"
)


def insert(connection: sqlite3.Connection, spans: Iterable[Span]) -> None:
    connection.executemany(_INSERT, spans)


def of_effect(e: Envelope, status: str, made: str, ended: float | None) -> Span | None:
    """None for a timer: what it leads to hangs on what had set it."""
    match e.effect:
        case Call(service, operation, params):
            kind, name, subject = "call", f"{service}:{operation}", subject_of(params)
        case Run(service, payload):
            kind, name, subject = "run", service, subject_of(payload)
        case Http(method, url):
            kind, name, subject = "http", method, url
        case _:
            return None
    root, parent, _ = parse(e.trace_id)
    began = e.began or e.due
    return Span(
        root, span_of(e.id), parent, e.id, e.attempt, kind, name, subject, made, status,
        e.account, e.region, e.principal, e.created, began, ended,
    )  # fmt: skip


def of_trace(connection: sqlite3.Connection, root: str, most: int) -> list[Span]:
    """In the order they ended."""
    rows = connection.execute(
        f"SELECT {', '.join(Span._fields)} FROM span WHERE root = ? ORDER BY seq LIMIT ?",
        (root, most),
    )
    return [Span(*row) for row in rows]


def root_of(connection: sqlite3.Connection, id: str) -> str | None:
    """The newest trace in which `id` is a trace, a request, an effect, or what one was about."""
    for column in ("root", "id"):
        row = connection.execute(
            f"SELECT root FROM span WHERE {column} = ? ORDER BY seq DESC LIMIT 1", (id,)
        ).fetchone()
        if row is not None:
            return str(row["root"])
    row = connection.execute(
        "SELECT root FROM span WHERE made = ? OR subject = ? OR parent = ?"
        " ORDER BY seq DESC LIMIT 1",
        (id, id, span_of(id)),
    ).fetchone()
    return None if row is None else str(row["root"])


def prune(connection: sqlite3.Connection, most: int = KEPT_MAX) -> bool:
    """Remove some of the oldest where there are too many; whether there may be more to remove."""
    newest = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM span").fetchone()[0]
    removed = connection.execute(
        "DELETE FROM span WHERE seq IN (SELECT seq FROM span WHERE seq <= ? ORDER BY seq LIMIT ?)",
        (newest - most, REMOVED_AT_ONCE),
    ).rowcount
    return bool(removed == REMOVED_AT_ONCE)
