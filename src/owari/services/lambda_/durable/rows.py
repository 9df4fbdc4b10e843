"""Durable executions in the store.

`lambda_durable` has a row per execution; what is large and never or rarely changes (input,
result, error, the last checkpoint's answer) lies apart in `lambda_durable_text`. An execution's
number is its alone in every account and region, so the other tables carry it without them.
`lambda_durable_operation` holds what a replay needs and is emptied when the execution ends;
`lambda_durable_history` its events in the chunks they came in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from owari.services.lambda_.durable.naming import ExecutionRef, execution_arn
from owari.services.lambda_.durable.operations import Op
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx
from owari.wire.operation import migrations

migrations(
    "lambda.durable",
    """
    CREATE TABLE lambda_durable (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        id BIGINT NOT NULL,
        function TEXT NOT NULL,
        version TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        name TEXT NOT NULL,
        run TEXT NOT NULL,
        origin TEXT NOT NULL,
        request TEXT NOT NULL,
        parent TEXT,
        principal TEXT NOT NULL,
        trace TEXT NOT NULL,
        started DOUBLE PRECISION NOT NULL,
        timeout_s BIGINT NOT NULL,
        retention_days BIGINT NOT NULL,
        status TEXT NOT NULL,
        ended DOUBLE PRECISION,
        expires DOUBLE PRECISION,
        invocation TEXT,
        prepared DOUBLE PRECISION,
        token BIGINT NOT NULL,
        changes BIGINT NOT NULL,
        seen BIGINT NOT NULL,
        invocations BIGINT NOT NULL,
        failures BIGINT NOT NULL,
        setbacks BIGINT NOT NULL,
        events BIGINT NOT NULL,
        operations BIGINT NOT NULL,
        size BIGINT NOT NULL,
        wake TEXT,
        wake_due DOUBLE PRECISION,
        PRIMARY KEY (account, region, id)
    );
    CREATE UNIQUE INDEX lambda_durable_name ON lambda_durable (account, region, function, name);
    CREATE INDEX lambda_durable_request ON lambda_durable (account, region, request);
    CREATE INDEX lambda_durable_expires ON lambda_durable (expires) WHERE expires IS NOT NULL;
    CREATE TABLE lambda_durable_text (
        execution BIGINT NOT NULL,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (execution, kind)
    );
    CREATE TABLE lambda_durable_operation (
        execution BIGINT NOT NULL,
        position BIGINT NOT NULL,
        id TEXT NOT NULL,
        parent TEXT,
        changed BIGINT NOT NULL,
        pending BIGINT NOT NULL,
        hidden BIGINT NOT NULL,
        due DOUBLE PRECISION,
        value TEXT NOT NULL,
        PRIMARY KEY (execution, position)
    );
    CREATE UNIQUE INDEX lambda_durable_operation_id ON lambda_durable_operation (execution, id);
    CREATE INDEX lambda_durable_operation_parent ON lambda_durable_operation (execution, parent);
    CREATE INDEX lambda_durable_operation_changed
        ON lambda_durable_operation (execution, changed);
    CREATE INDEX lambda_durable_operation_due ON lambda_durable_operation (execution, due)
        WHERE due IS NOT NULL;
    CREATE TABLE lambda_durable_history (
        execution BIGINT NOT NULL,
        first BIGINT NOT NULL,
        events TEXT NOT NULL,
        PRIMARY KEY (execution, first)
    );
    """,
    """
    ALTER TABLE lambda_durable ADD COLUMN pause TEXT;
    ALTER TABLE lambda_durable ADD COLUMN held_s DOUBLE PRECISION NOT NULL DEFAULT 0;
    """,
)

LIVE = ("RUNNING", "PAUSING", "PAUSED")
PAUSED_MAX_S = 366 * 86_400


@dataclass(slots=True)
class Pause:
    """Why and how an execution is PAUSED, or PAUSING: then `held_since` is None still.

    `holds_timeout`: the execution timeout stands still. `wants_invocation`: the function is to
    be invoked on resumption.
    """

    requested: float
    reason: str | None
    holds_timeout: bool
    held_since: float | None = None
    wants_invocation: bool = False


@dataclass(slots=True)
class Execution:
    """A row of `lambda_durable`. Times in epoch seconds.

    `origin` is how it came about: `sync`, `event` or `chained` (`parent` is then `ID|OPERATION`).
    `invocation` is the effect that invokes the function, from its being due to its end;
    `prepared` since when the function runs. `changes` numbers the changes of operations, `seen`
    is the last that the function was told of. `failures` counts failed invocations in a row,
    `setbacks` those that never reached the function. `held_s` is how long it was paused with its
    timeout standing still.
    """

    account: str
    region: str
    id: int
    function: str
    version: str
    qualifier: str
    name: str
    run: str
    origin: str
    request: str
    parent: str | None
    principal: str
    trace: str
    started: float
    timeout_s: int
    retention_days: int
    status: str = "RUNNING"
    ended: float | None = None
    expires: float | None = None
    invocation: str | None = None
    prepared: float | None = None
    token: int = 0
    changes: int = 0
    seen: int = 0
    invocations: int = 0
    failures: int = 0
    setbacks: int = 0
    events: int = 0
    operations: int = 0
    size: int = 0
    wake: str | None = None
    wake_due: float | None = None
    pause: Pause | None = None
    held_s: float = 0.0

    @property
    def arn(self) -> str:
        return execution_arn(
            ExecutionRef(
                self.region, self.account, self.function, self.version, self.name, self.run
            )
        )

    @property
    def is_running(self) -> bool:
        """It has not ended; it may be paused."""
        return self.status in LIVE

    @property
    def timeout_at(self) -> float:
        if self.pause is not None and self.pause.holds_timeout and self.pause.held_since:
            return self.started + PAUSED_MAX_S
        return min(self.started + self.timeout_s + self.held_s, self.started + PAUSED_MAX_S)


_COLUMNS = tuple(f.name for f in fields(Execution))
_MUTABLE = _COLUMNS[_COLUMNS.index("status") :]
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM lambda_durable"
_KEPT = "(expires IS NULL OR expires > ?)"  # what is past its retention is not shown


# ---- executions
def add(tx: Tx, e: Execution) -> None:
    marks = ", ".join("?" * len(_COLUMNS))
    tx.run(
        f"INSERT INTO lambda_durable ({', '.join(_COLUMNS)}) VALUES ({marks})",
        *_values(e).values(),
    )


def _values(e: Execution) -> dict[str, Any]:
    return asdict(e) | {"pause": dumps(asdict(e.pause)) if e.pause is not None else None}


def _execution(row: Row) -> Execution:
    made = Execution(*row)
    return replace(made, pause=Pause(**loads(row["pause"]))) if row["pause"] else made


def save(tx: Tx, e: Execution) -> None:
    values = _values(e)
    tx.run(
        f"UPDATE lambda_durable SET {', '.join(f'{name} = ?' for name in _MUTABLE)}"
        " WHERE account = ? AND region = ? AND id = ?",
        *(values[name] for name in _MUTABLE), e.account, e.region, e.id,
    )  # fmt: skip


def _one(tx: Tx, where: str, *args: Any) -> Execution | None:
    row = tx.one(
        f"{_SELECT} WHERE account = ? AND region = ? AND {where}", tx.account, tx.region, *args
    )
    return _execution(row) if row else None


def by_id(tx: Tx, id: int) -> Execution | None:
    return _one(tx, "id = ?", id)


def by_name(tx: Tx, function: str, name: str) -> Execution | None:
    return _one(tx, f"function = ? AND name = ? AND {_KEPT}", function, name, tx.now)


def by_request(tx: Tx, request: str) -> Execution | None:
    return _one(tx, "request = ? AND origin = 'sync'", request)


def listed(
    tx: Tx, function: str, conditions: str, args: list[Any], most: int, *, reverse: bool
) -> list[Execution]:
    """Executions of a function; `conditions` begins with AND where there are any."""
    rows = tx.all(
        f"{_SELECT} WHERE account = ? AND region = ? AND function = ? AND {_KEPT} {conditions}"
        f" ORDER BY id {'DESC' if reverse else 'ASC'} LIMIT ?",
        tx.account, tx.region, function, tx.now, *args, most,
    )  # fmt: skip
    return [_execution(row) for row in rows]


def forget(tx: Tx, e: Execution) -> None:
    for table in ("text", "operation", "history"):
        tx.run(f"DELETE FROM lambda_durable_{table} WHERE execution = ?", e.id)
    tx.run(
        "DELETE FROM lambda_durable WHERE account = ? AND region = ? AND id = ?",
        e.account, e.region, e.id,
    )  # fmt: skip


def forget_expired(tx: Tx, most: int) -> bool:
    """Those whose retention is over; True when there may be more."""
    rows = tx.all(f"{_SELECT} WHERE expires <= ? ORDER BY expires LIMIT ?", tx.now, most)
    for row in rows:
        forget(tx, _execution(row))
    return len(rows) == most


def forget_namesake(tx: Tx, function: str, name: str | None) -> None:
    """The name may be given again once the retention of who had it is over."""
    namesake = _one(tx, "function = ? AND name = ? AND expires <= ?", function, name, tx.now)
    if namesake is not None:
        forget(tx, namesake)


# ---- what is large
def text(tx: Tx, execution: int, kind: str) -> str | None:
    row = tx.one(
        "SELECT value FROM lambda_durable_text WHERE execution = ? AND kind = ?", execution, kind
    )
    return row["value"] if row else None


def put_text(tx: Tx, execution: int, kind: str, value: str) -> None:
    tx.run(
        "INSERT INTO lambda_durable_text (execution, kind, value) VALUES (?, ?, ?)"
        " ON CONFLICT (execution, kind) DO UPDATE SET value = excluded.value",
        execution, kind, value,
    )  # fmt: skip


def drop_text(tx: Tx, execution: int, kind: str) -> None:
    tx.run("DELETE FROM lambda_durable_text WHERE execution = ? AND kind = ?", execution, kind)


# ---- operations
def operation(tx: Tx, execution: int, id: str) -> Op | None:
    row = tx.one(
        "SELECT value FROM lambda_durable_operation WHERE execution = ? AND id = ?", execution, id
    )
    return _op(row) if row else None


def put_operation(tx: Tx, execution: int, op: Op, position: int, changed: int) -> None:
    """`position` counts for an operation that is new."""
    tx.run(
        "INSERT INTO lambda_durable_operation (execution, position, id, parent, changed, pending,"
        " hidden, due, value) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)"
        " ON CONFLICT (execution, id) DO UPDATE SET changed = excluded.changed,"
        " pending = excluded.pending, due = excluded.due, value = excluded.value",
        execution, position, op.id, op.shown.get("ParentId"), changed, int(op.is_pending), op.due,
        dumps([op.shown, op.timeout_at, op.heartbeat_s, op.heartbeat_at]),
    )  # fmt: skip


def hide_below(tx: Tx, execution: int, context: str) -> None:
    """What lies in a context that is over: a replay does not need it, nobody waits for it."""
    tx.run(
        "WITH RECURSIVE below(id) AS ("
        " SELECT id FROM lambda_durable_operation WHERE execution = ? AND parent = ?"
        " UNION SELECT o.id FROM lambda_durable_operation o JOIN below ON o.parent = below.id"
        " WHERE o.execution = ?)"
        " UPDATE lambda_durable_operation SET hidden = 1, pending = 0, due = NULL"
        " WHERE execution = ? AND id IN (SELECT id FROM below)",
        execution, context, execution, execution,
    )  # fmt: skip


def drop_operations(tx: Tx, execution: int) -> None:
    tx.run("DELETE FROM lambda_durable_operation WHERE execution = ?", execution)


def due_operations(tx: Tx, execution: int, now: float) -> list[Op]:
    rows = tx.all(
        "SELECT value FROM lambda_durable_operation WHERE execution = ? AND due <= ? ORDER BY due",
        execution, now,
    )  # fmt: skip
    return [_op(row) for row in rows]


def next_due(tx: Tx, execution: int) -> float | None:
    row = tx.one(
        "SELECT MIN(due) AS due FROM lambda_durable_operation"
        " WHERE execution = ? AND due IS NOT NULL",
        execution,
    )
    assert row is not None
    found: float | None = row["due"]
    return found


def is_anything_pending(tx: Tx, execution: int) -> bool:
    return bool(
        tx.one(
            "SELECT 1 FROM lambda_durable_operation WHERE execution = ? AND pending = 1 LIMIT 1",
            execution,
        )
    )


def changed_since(tx: Tx, execution: int, seen: int) -> list[Op]:
    rows = tx.all(
        "SELECT value FROM lambda_durable_operation"
        " WHERE execution = ? AND changed > ? AND hidden = 0 ORDER BY position",
        execution, seen,
    )  # fmt: skip
    return [_op(row) for row in rows]


def page(
    tx: Tx, execution: int, after: int, most: int, most_bytes: int
) -> tuple[list[Op], int | None]:
    """Operations after a position, and the last position when there are more."""
    rows = tx.all(
        "SELECT position, value FROM lambda_durable_operation"
        " WHERE execution = ? AND position > ? AND hidden = 0 ORDER BY position LIMIT ?",
        execution, after, most + 1,
    )  # fmt: skip
    size = 0
    for index, row in enumerate(rows):
        size += len(row["value"])
        if index and (size > most_bytes or index == most):
            return [_op(r) for r in rows[:index]], rows[index - 1]["position"]
    return [_op(row) for row in rows], None


def _op(row: Row) -> Op:
    return Op(*loads(row["value"]))


# ---- history
def add_events(tx: Tx, execution: int, first: int, events: list[dict[str, Any]]) -> None:
    tx.run(
        "INSERT INTO lambda_durable_history (execution, first, events) VALUES (?, ?, ?)",
        execution, first, dumps(events),
    )  # fmt: skip


def chunks(tx: Tx, execution: int, at: int, *, reverse: bool) -> list[Row]:
    """Chunks from the one that holds event `at` on."""
    if reverse:
        return tx.all(
            "SELECT events FROM lambda_durable_history WHERE execution = ? AND first <= ?"
            " ORDER BY first DESC",
            execution, at,
        )  # fmt: skip
    return tx.all(
        "SELECT events FROM lambda_durable_history WHERE execution = ? AND first >= COALESCE("
        " (SELECT MAX(first) FROM lambda_durable_history WHERE execution = ? AND first <= ?), 0)"
        " ORDER BY first",
        execution, execution, at,
    )  # fmt: skip
