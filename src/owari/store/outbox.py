"""The outbox: effects waiting to be carried out. One table, one envelope, every service."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from owari.effects import Call, Effect, Http, ReplyTo, Run, Wake
from owari.store.encode import dumps, loads
from owari.tracing import parse, span_of

# Kinds of effect, as SQL has them: those that end where they begin, and those that take a while.
AT_ONCE = "kind IN ('wake', 'call')"
RUNS = "kind = 'run'"
DELIVERIES = "kind = 'http'"

MIGRATIONS = (
    """
    CREATE TABLE effect (
        id TEXT PRIMARY KEY,
        seq BIGINT NOT NULL,
        kind TEXT NOT NULL,
        due DOUBLE PRECISION NOT NULL,
        attempt BIGINT NOT NULL,
        order_key TEXT,
        reply_service TEXT,
        reply_topic TEXT,
        reply_key TEXT,
        principal TEXT NOT NULL,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        trace_id TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        payload TEXT NOT NULL,
        lease TEXT
    );
    CREATE INDEX effect_due ON effect (due, seq);
    CREATE INDEX effect_order ON effect (order_key, seq) WHERE order_key IS NOT NULL;
    CREATE INDEX effect_lease ON effect (lease) WHERE lease IS NOT NULL;
    CREATE INDEX effect_reply ON effect (reply_service, reply_topic, reply_key);
    """,
    f"""
    DROP INDEX effect_due;
    CREATE INDEX effect_due_at_once ON effect (due, seq) WHERE {AT_ONCE};
    CREATE INDEX effect_due_run ON effect (due, seq) WHERE {RUNS};
    CREATE INDEX effect_due_http ON effect (due, seq) WHERE {DELIVERIES};
    """,
)

_KINDS: dict[str, type[Any]] = {"call": Call, "run": Run, "wake": Wake, "http": Http}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(slots=True)
class Envelope:
    """One row of the outbox. `lease` names the agent that a `Run` was given to."""

    id: str
    seq: int
    due: float
    attempt: int
    order_key: str | None
    reply_to: ReplyTo | None
    principal: str
    account: str
    region: str
    trace_id: str
    created: float
    effect: Effect
    lease: str | None = None
    began: float = 0.0  # when it was last begun to be carried out; in memory only
    spec: dict[str, Any] | None = None  # of a run that was leased as it was emitted; in memory only


def insert(connection: sqlite3.Connection, e: Envelope) -> None:
    reply = (e.reply_to.service, e.reply_to.topic, e.reply_to.key) if e.reply_to else (None,) * 3
    connection.execute(
        "INSERT INTO effect (id, seq, kind, due, attempt, order_key, reply_service, reply_topic,"
        " reply_key, principal, account, region, trace_id, created, payload, lease)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            e.id, e.seq, _NAMES[type(e.effect)], e.due, e.attempt, e.order_key, *reply,
            e.principal, e.account, e.region, e.trace_id, e.created,
            dumps(_fields(e.effect)), e.lease,
        ),
    )  # fmt: skip


def _fields(effect: Effect) -> dict[str, Any]:
    """Its members as they are: `asdict` would copy whole payloads."""
    return {name: getattr(effect, name) for name in effect.__slots__}


def delete(connection: sqlite3.Connection, effect_id: str, attempt: int) -> bool:
    """False when it was gone already or is at another attempt: the report is stale."""
    return (
        connection.execute(
            "DELETE FROM effect WHERE id = ? AND attempt = ?", (effect_id, attempt)
        ).rowcount
        == 1
    )


def is_there(connection: sqlite3.Connection, effect_id: str, attempt: int) -> bool:
    found = connection.execute(
        "SELECT 1 FROM effect WHERE id = ? AND attempt = ?", (effect_id, attempt)
    )
    return found.fetchone() is not None


def get(connection: sqlite3.Connection, effect_id: str) -> Envelope | None:
    row = connection.execute("SELECT * FROM effect WHERE id = ?", (effect_id,)).fetchone()
    return _envelope(row) if row else None


def lease(connection: sqlite3.Connection, effect_id: str, attempt: int, holder: str) -> bool:
    """Give a run to an agent instance. False when it is gone or at another attempt."""
    return (
        connection.execute(
            "UPDATE effect SET lease = ? WHERE id = ? AND attempt = ?",
            (holder, effect_id, attempt),
        ).rowcount
        == 1
    )


def postpone(connection: sqlite3.Connection, effect_id: str, due: float) -> None:
    """Take the lease back and move the effect's time."""
    connection.execute("UPDATE effect SET lease = NULL, due = ? WHERE id = ?", (due, effect_id))


def leased(connection: sqlite3.Connection) -> list[Envelope]:
    """The runs that were given to an agent."""
    rows = connection.execute("SELECT * FROM effect WHERE lease IS NOT NULL ORDER BY seq")
    return [_envelope(row) for row in rows]


def due_before(
    connection: sqlite3.Connection, kinds: str, horizon: float, most: int
) -> list[Envelope]:
    """The next effects of these kinds that may be begun, by time, then commit order."""
    rows = connection.execute(
        f"SELECT * FROM effect WHERE {kinds} AND due <= ? AND lease IS NULL"
        " AND (order_key IS NULL OR NOT EXISTS (SELECT 1 FROM effect AS earlier"
        " WHERE earlier.order_key = effect.order_key AND earlier.seq < effect.seq))"
        " ORDER BY due, seq LIMIT ?",
        (horizon, most),
    )
    return [_envelope(row) for row in rows]


def next_due(connection: sqlite3.Connection, kinds: str, after: float) -> float | None:
    row = connection.execute(
        f"SELECT MIN(due) AS due FROM effect WHERE {kinds} AND due > ?", (after,)
    ).fetchone()
    return None if row is None else row["due"]


def head_of(connection: sqlite3.Connection, order_key: str) -> Envelope | None:
    """The effect that is first in line under this order key."""
    row = connection.execute(
        "SELECT * FROM effect WHERE order_key = ? ORDER BY seq LIMIT 1", (order_key,)
    ).fetchone()
    return _envelope(row) if row else None


def is_first(connection: sqlite3.Connection, e: Envelope) -> bool:
    """Whether no other comes before it in its order."""
    if e.order_key is None:
        return True
    earlier = connection.execute(
        "SELECT 1 FROM effect WHERE order_key = ? AND seq < ? LIMIT 1", (e.order_key, e.seq)
    )
    return earlier.fetchone() is None


def waiting_for(connection: sqlite3.Connection, to: ReplyTo) -> list[Envelope]:
    """The effects that will report to `to`."""
    rows = connection.execute(
        "SELECT * FROM effect WHERE reply_service = ? AND reply_topic = ? AND reply_key = ?",
        (to.service, to.topic, to.key),
    )
    return [_envelope(row) for row in rows]


def of_trace(connection: sqlite3.Connection, root: str, most: int) -> list[Envelope]:
    """What of a trace has yet to be done. Walks the table: for people, not for programs."""
    rows = connection.execute(
        "SELECT * FROM effect WHERE trace_id LIKE ? ESCAPE '\\' ORDER BY seq LIMIT ?",
        (f"Root={_literal(root)};%", most),
    )
    return [_envelope(row) for row in rows]


def root_of(connection: sqlite3.Connection, id: str) -> str | None:
    """The trace of an effect, by its id, its trace or what caused it."""
    row = connection.execute(
        "SELECT trace_id FROM effect WHERE id = ? OR trace_id LIKE ? ESCAPE '\\'"
        " OR trace_id LIKE ? LIMIT 1",
        (id, f"Root={_literal(id)};%", f"%;Parent={span_of(id)};%" if id.isalnum() else ""),
    ).fetchone()
    return None if row is None else parse(row["trace_id"]).root


def _literal(text: str) -> str:
    """For LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _envelope(row: sqlite3.Row) -> Envelope:
    to = row["reply_service"]
    return Envelope(
        id=row["id"],
        seq=row["seq"],
        due=row["due"],
        attempt=row["attempt"],
        order_key=row["order_key"],
        reply_to=ReplyTo(to, row["reply_topic"], row["reply_key"]) if to else None,
        principal=row["principal"],
        account=row["account"],
        region=row["region"],
        trace_id=row["trace_id"],
        created=row["created"],
        effect=_KINDS[row["kind"]](**loads(row["payload"])),
        lease=row["lease"],
    )
