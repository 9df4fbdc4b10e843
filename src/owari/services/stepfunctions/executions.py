"""Executions and their histories, as rows: what Describe, List and GetExecutionHistory read."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl.history import Event
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.core import ExecutionRef, version_in
from owari.services.stepfunctions.faults import no_execution
from owari.services.stepfunctions.running import Running
from owari.store.encode import dumps as dump_settings
from owari.store.tx import Row, Tx

_HERE = "account = ? AND region = ? AND machine = ?"


def find(tx: Tx, machine: str, name: str) -> Row | None:
    """A Standard execution by name."""
    return tx.one(
        "SELECT * FROM sfn_execution WHERE machine = ? AND name = ? AND account = ?"
        " AND region = ? AND express = 0",
        machine,
        name,
        tx.account,
        tx.region,
    )


def existing(tx: Tx, ref: ExecutionRef, arn: str) -> Row:
    """Raises ExecutionDoesNotExist."""
    row = find(tx, ref.machine, ref.name)
    if row is None or row["arn"] != arn:
        raise no_execution(arn)
    return row


def add(tx: Tx, r: Running, fixed: dict[str, Any]) -> None:
    """`fixed` are the columns that neither the interpreter nor About know."""
    about, e = r.about, r.execution
    ended = e.status != "RUNNING"
    values = {
        "account": tx.account,
        "region": tx.region,
        "id": about.id,
        "machine": about.machine,
        "name": e.name,
        "express": int(about.express),
        "arn": e.arn,
        "definition": about.definition,
        "part": about.part,
        "role_arn": e.role_arn,
        "settings": dump_settings(about.settings),
        "principal": about.principal,
        "map_run": about.map_run,
        "map_index": about.map_index,
        "item_count": about.item_count,
        "status": e.status,
        "started": e.started_ms / 1000,
        "stopped": tx.now if ended else None,
        "input": e.input,
        "output": e.output,
        "error": e.error,
        "cause": e.cause,
        "updated": tx.now,
        **fixed,
    }
    names = ", ".join(values)
    tx.run(
        f"INSERT INTO sfn_execution ({names}) VALUES ({', '.join('?' * len(values))})",
        *values.values(),
    )


def end(tx: Tx, r: Running) -> None:
    e = r.execution
    tx.run(
        "UPDATE sfn_execution SET status = ?, stopped = ?, output = ?, error = ?, cause = ?"
        f" WHERE {_HERE} AND id = ?",
        e.status, tx.now, e.output, e.error, e.cause,
        tx.account, tx.region, r.about.machine, r.about.id,
    )  # fmt: skip


def redriven(tx: Tx, row: Row) -> None:
    tx.run(
        "UPDATE sfn_execution SET status = 'RUNNING', stopped = NULL, output = NULL,"
        " error = NULL, cause = NULL, redrive_count = redrive_count + 1, redriven = ?"
        f" WHERE {_HERE} AND id = ?",
        tx.now,
        tx.account,
        tx.region,
        row["machine"],
        row["id"],
    )


def page(
    tx: Tx,
    machine: str,
    status: str | None,
    redrive: str | None,
    before: int,
    most: int,
    *,
    qualifier: str | None = None,
) -> list[Row]:
    """The newest first; of a version or an alias those that were started through it."""
    sql = f"SELECT * FROM sfn_execution WHERE {_HERE} AND id < ? AND express = 0"
    args: list[Any] = [tx.account, tx.region, machine, before]
    if (version := version_in(qualifier)) is not None:
        sql, args = f"{sql} AND version = ?", [*args, version]
    elif qualifier is not None:
        sql, args = f"{sql} AND qualifier = ?", [*args, qualifier]
    if status is not None:
        sql += " AND status = ?"
        args.append(status)
        if status != "SUCCEEDED":
            sql += " AND status <> 'SUCCEEDED'"
    sql, args = _redriven(sql, args, redrive)
    return tx.all(f"{sql} ORDER BY id DESC LIMIT ?", *args, most)


def _redriven(sql: str, args: list[Any], redrive: str | None) -> tuple[str, list[Any]]:
    match redrive:
        case "REDRIVEN":
            return f"{sql} AND redrive_count > 0", args
        case "NOT_REDRIVEN":
            return f"{sql} AND redrive_count = 0", args
        case _:
            return sql, args


def page_of_map_run(
    tx: Tx, map_run: int, status: str | None, redrive: str | None, before: int, most: int
) -> list[Row]:
    sql = "SELECT * FROM sfn_execution WHERE map_run = ? AND id < ?"
    args: list[Any] = [map_run, before]
    if status is not None:
        sql += " AND status = ?"
        args.append(status)
    sql, args = _redriven(sql, args, redrive)
    return tx.all(f"{sql} ORDER BY id DESC LIMIT ?", *args, most)


# ---- history
def append(tx: Tx, execution: int, events: list[Event]) -> None:
    tx.run(
        "INSERT INTO sfn_history (execution, first, events) VALUES (?, ?, ?)",
        execution,
        events[0]["id"],
        dumps(events),
    )


def chunks(tx: Tx, execution: int, at: int, *, reverse: bool) -> Any:
    """Chunks that hold events from number `at` on (or, in reverse, up to it), lazily."""
    if reverse:
        return tx.connection.execute(
            "SELECT events FROM sfn_history WHERE execution = ? AND first <= ? ORDER BY first DESC",
            (execution, at),
        )
    return tx.connection.execute(
        "SELECT events FROM sfn_history WHERE execution = ? AND first >= COALESCE("
        "(SELECT MAX(first) FROM sfn_history WHERE execution = ? AND first <= ?), 0)"
        " ORDER BY first",
        (execution, execution, at),
    )
