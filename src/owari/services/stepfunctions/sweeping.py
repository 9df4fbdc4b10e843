"""Forgetting what AWS forgets: once a day, in bounded steps, each continued by another wake-up.

What a failed execution needs to be redriven goes when its redrivable period is over, an ended
execution and its history after 90 days, a definition when nothing has it any more. AWS: "Service
quotas" of the Step Functions guide (execution history retention time, redrivable period).
"""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Report, Wake
from owari.services.stepfunctions import definitions, live
from owari.services.stepfunctions.core import KEPT_S, REDRIVE_WITHIN_S
from owari.store import sweeps
from owari.store.tx import Row, Tx
from owari.wire.operation import reaction

SWEEP = ReplyTo("stepfunctions", "sweep", "")
SWEEP_EVERY_S = 86_400.0
EXECUTIONS_AT_ONCE = 100
CHUNKS_AT_ONCE = 2_000
DEFINITIONS_AT_ONCE = 500

FIRST: dict[str, Any] = {"frames_after": [0.0, 0], "machine": None}


def ensure_sweep(tx: Tx) -> None:
    """Have old executions looked after from now on."""
    sweeps.ensure(tx, SWEEP, SWEEP_EVERY_S, FIRST)


@reaction("stepfunctions", "sweep")
def on_sweep(tx: Tx, report: Report) -> None:
    """`frames_after`: [stopped, id] of the last execution whose frames were looked after;
    `machine`: the last, as [account, region, name], whose old executions are gone, or None."""
    data = dict(report.result or FIRST)
    if data["machine"] is None:
        done = _forget_frames(tx, data)
        data["machine"] = ["", "", ""] if done else None
        done = False
    else:
        done = _forget_executions(tx, data)
    if not done:
        tx.again(report, due=tx.now + sweeps.PAUSE_S, effect=Wake(data))
        return
    definitions.forget_unused(tx, DEFINITIONS_AT_ONCE)
    tx.run("DELETE FROM sfn_sync WHERE started < ?", tx.now - SWEEP_EVERY_S)
    if _is_anything_left(tx):
        tx.again(report, due=tx.now + SWEEP_EVERY_S, effect=Wake(data))


def _is_anything_left(tx: Tx) -> bool:
    """Without machines there is nothing to look after; the next has it looked after again."""
    tables = ("sfn_machine", "sfn_execution", "sfn_definition", "sfn_sync")
    return any(tx.one(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)


def _forget_frames(tx: Tx, data: dict[str, Any]) -> bool:
    rows = tx.all(
        "SELECT id, stopped FROM sfn_execution WHERE status <> 'SUCCEEDED' AND stopped IS NOT NULL"
        " AND (stopped, id) > (?, ?) AND stopped < ? ORDER BY stopped, id LIMIT ?",
        *data["frames_after"], tx.now - REDRIVE_WITHIN_S, EXECUTIONS_AT_ONCE,
    )  # fmt: skip
    for row in rows:
        live.forget(tx, row["id"])
        data["frames_after"] = [row["stopped"], row["id"]]
    return len(rows) < EXECUTIONS_AT_ONCE


def _forget_executions(tx: Tx, data: dict[str, Any]) -> bool:
    """Those of the next machine, or some of them; True when there is no other machine."""
    machine = tx.one(
        "SELECT account, region, machine FROM sfn_execution"
        " WHERE (account, region, machine) > (?, ?, ?)"
        " ORDER BY account, region, machine LIMIT 1",
        *data["machine"],
    )
    if machine is None:
        data["machine"] = None
        return True
    if _forget_some(tx, machine):
        data["machine"] = [*machine]
    return False


def _forget_some(tx: Tx, machine: Row) -> bool:
    """Ids are in the order of the starts, so the first that is young ends the look.

    True when nothing old is left.
    """
    oldest = tx.connection.execute(
        "SELECT id, account, region, machine, started, stopped FROM sfn_execution"
        " WHERE account = ? AND region = ? AND machine = ? ORDER BY id",
        tuple(machine),
    )
    before = tx.now - KEPT_S
    old: list[Row] = []
    for row in oldest:
        if row["started"] >= before or len(old) == EXECUTIONS_AT_ONCE:
            break
        if row["stopped"] is not None and row["stopped"] < before:
            old.append(row)
    left = CHUNKS_AT_ONCE
    for row in old:
        left -= _forget_history(tx, row["id"], left)
        if left <= 0:
            return False
        _forget(tx, row)
    return len(old) < EXECUTIONS_AT_ONCE


def _forget_history(tx: Tx, execution: int, most: int) -> int:
    return tx.run(
        "DELETE FROM sfn_history WHERE execution = ? AND first IN"
        " (SELECT first FROM sfn_history WHERE execution = ? LIMIT ?)",
        execution, execution, most,
    )  # fmt: skip


def _forget(tx: Tx, row: Row) -> None:
    live.forget(tx, row["id"])
    tx.run("DELETE FROM sfn_map_run WHERE execution = ?", row["id"])
    tx.run(
        "DELETE FROM sfn_execution WHERE account = ? AND region = ? AND machine = ? AND id = ?",
        row["account"], row["region"], row["machine"], row["id"],
    )  # fmt: skip
