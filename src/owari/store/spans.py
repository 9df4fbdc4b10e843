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
from owari.store.span_names import subject_of, taken_by
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
    "ALTER TABLE span ADD COLUMN taken TEXT NOT NULL DEFAULT '';",
)


class Span(NamedTuple):
    """The columns of the table, but for `seq`.

    `kind` is request (from outside, or by a function), call, run or http; `subject` what it was
    done to, `made` the id of what came of it (a message, job or execution; of a run its log
    stream), or several ids with a space between. `taken` are the messages a run was given, each
    by the span its id would have. `status` is `ok`, AWS's error code, or what a run reported.
    Times are service time, epoch seconds; `ended` is None while it has not.
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
    taken: str = ""


_COLUMNS = ", ".join(Span._fields)
_INSERT = f"INSERT INTO span ({_COLUMNS}) VALUES ({', '.join('?' * len(Span._fields))})"
_AMONG = "instr(' ' || {} || ' ', ?)"  # of words with a space between


def insert(connection: sqlite3.Connection, spans: Iterable[Span]) -> None:
    connection.executemany(_INSERT, spans)


def of_effect(e: Envelope, status: str, made: str, ended: float | None) -> Span | None:
    """None for a timer: what it leads to hangs on what had set it."""
    taken = ""
    match e.effect:
        case Call(service, operation, params):
            kind, name, subject = "call", f"{service}:{operation}", subject_of(params)
        case Run(service, payload):
            kind, name, subject = "run", service, subject_of(payload)
            taken = taken_by(payload)
        case Http(method, url):
            kind, name, subject = "http", method, url
        case _:
            return None
    root, parent, _ = parse(e.trace_id)
    began = e.began or e.due
    return Span(
        root, span_of(e.id), parent, e.id, e.attempt, kind, name, subject, made, status,
        e.account, e.region, e.principal, e.created, began, ended, taken,
    )  # fmt: skip


def of_trace(connection: sqlite3.Connection, root: str, most: int) -> list[Span]:
    """In the order they ended."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM span WHERE root = ? ORDER BY seq LIMIT ?",
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
    name = span_of(id)
    for condition, values in (
        (f"{_AMONG.format('made')} OR subject = ? OR parent = ?", (f" {id} ", id, name)),
        (_AMONG.format("taken"), (f" {name} ",)),
    ):
        row = connection.execute(
            f"SELECT root FROM span WHERE {condition} ORDER BY seq DESC LIMIT 1", values
        ).fetchone()
        if row is not None:
            return str(row["root"])
    return None


def takers(connection: sqlite3.Connection, names: Iterable[str]) -> list[tuple[Span, str]]:
    """The runs that were given a message of one of these names, each with the first of them."""
    wanted, found = set(names), []
    if not wanted:
        return []
    for row in connection.execute(f"SELECT {_COLUMNS} FROM span WHERE taken <> '' ORDER BY seq"):
        span = Span(*row)
        name = next((name for name in span.taken.split(" ") if name in wanted), None)
        if name is not None:
            found.append((span, name))
    return found


def prune(connection: sqlite3.Connection, most: int = KEPT_MAX) -> bool:
    """Remove some of the oldest where there are too many; whether there may be more to remove."""
    newest = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM span").fetchone()[0]
    removed = connection.execute(
        "DELETE FROM span WHERE seq IN (SELECT seq FROM span WHERE seq <= ? ORDER BY seq LIMIT ?)",
        (newest - most, REMOVED_AT_ONCE),
    ).rowcount
    return bool(removed == REMOVED_AT_ONCE)
