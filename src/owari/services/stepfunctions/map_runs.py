"""Map runs, as rows: one per distributed Map, with counters for its children.

A child that has not been started is a row of sfn_pending; the reaction in children.py takes
them in batches. AWS: "Viewing a Distributed Map Run execution".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from owari.effects import ReplyTo, Wake
from owari.services.stepfunctions.asl.definition import DistributedMap
from owari.services.stepfunctions.asl.instructions import (
    ReadItems,
    StartChild,
    StartMapRun,
    StopMapRun,
)
from owari.services.stepfunctions.running import Running
from owari.store.tx import Row, Tx

# Statuses by the columns that count them.
COLUMN = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timed_out",
    "ABORTED": "aborted",
}


@dataclass(slots=True)
class Tally:
    """What is to be added to a run's counters: one UPDATE for many children."""

    added: dict[str, int] = field(default_factory=dict)

    def count(self, column: str, items: int, children: int = 1) -> None:
        own = "items_started" if column == "started_children" else f"items_{column}"
        self.added[column] = self.added.get(column, 0) + children
        self.added[own] = self.added.get(own, 0) + items

    def write(self, tx: Tx, run: int) -> None:
        if self.added:
            changes = ", ".join(f"{column} = {column} + ?" for column in self.added)
            tx.run(
                f"UPDATE sfn_map_run SET {changes} WHERE account = ? AND region = ? AND id = ?",
                *self.added.values(),
                tx.account,
                tx.region,
                run,
            )


def find(tx: Tx, run: int) -> Row | None:
    return tx.one(
        "SELECT * FROM sfn_map_run WHERE account = ? AND region = ? AND id = ?",
        tx.account,
        tx.region,
        run,
    )


def by_arn(tx: Tx, arn: str) -> Row | None:
    return tx.one(
        "SELECT * FROM sfn_map_run WHERE arn = ? AND account = ? AND region = ?",
        arn,
        tx.account,
        tx.region,
    )


def begin(tx: Tx, r: Running, start: StartMapRun) -> None:
    items = r.live.items.get(start.frame, [])  # gone again when there were none
    count = sum(items_in(r, start.frame, at) for at in range(len(items)))
    state = _state(r, start.frame)
    limit = _written_limit(state, start.max_concurrency)
    tx.run(
        "INSERT INTO sfn_map_run (account, region, id, arn, execution, execution_arn, frame,"
        " part, express, status, started, max_concurrency, tolerated_count,"
        " tolerated_percentage, total, items_total)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, tx.next_seq(), start.run_arn, r.about.id, r.execution.arn,
        start.frame, start.part, int(start.execution_type == "EXPRESS"), tx.now, limit,
        start.tolerated_count, start.tolerated_percentage, start.total, count,
    )  # fmt: skip


def _state(r: Running, frame_id: str) -> DistributedMap | None:
    frame = r.live.frame(frame_id)
    state = r.machine.parts[frame.part].states[frame.state] if frame is not None else None
    return state if isinstance(state, DistributedMap) else None


def _written_limit(state: DistributedMap | None, limit: int) -> int:
    """0 means that the definition sets none."""
    return limit if state is not None and state.max_concurrency is not None else 0


def items_in(r: Running, frame: str, index: int) -> int:
    state = _state(r, frame)
    if state is None or state.batcher is None:
        return 1
    return len(r.live.items_of(frame)[index]["Items"])


def enqueue(tx: Tx, r: Running, children: list[StartChild]) -> None:
    """Children to be started soon, and the Wake that will. A finished run begins anew."""
    runs: dict[str, Row | None] = {}
    for child in children:
        if child.run_arn not in runs:
            runs[child.run_arn] = by_arn(tx, child.run_arn)
        run = runs[child.run_arn]
        if run is not None:
            _pend(tx, r, run, child)
    for run in runs.values():
        if run is not None:
            if run["status"] != "RUNNING":
                _again(tx, run, children)
            wake(tx, r, run["id"])


def _pend(tx: Tx, r: Running, run: Row, child: StartChild) -> None:
    tx.run(
        "INSERT INTO sfn_pending (map_run, item, item_count, input) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (map_run, item) DO NOTHING",
        run["id"],
        child.index,
        items_in(r, child.frame, child.index),
        child.input,
    )


def _again(tx: Tx, run: Row, children: list[StartChild]) -> None:
    """A redrive: those that did not succeed are to be started once more."""
    tx.run(
        "UPDATE sfn_map_run SET status = 'RUNNING', stopped = NULL, redriven = ?,"
        " redrive_count = redrive_count + 1, started_children = succeeded,"
        " items_started = items_succeeded, failed = 0, timed_out = 0, aborted = 0,"
        " items_failed = 0, items_timed_out = 0, items_aborted = 0"
        " WHERE account = ? AND region = ? AND id = ?",
        tx.now,
        tx.account,
        tx.region,
        run["id"],
    )


def wake(tx: Tx, r: Running, run: int) -> None:
    reply = ReplyTo("stepfunctions", "children", str(run))
    tx.emit(Wake(), reply_to=reply, principal=r.about.principal)


def take(tx: Tx, run: int, most: int) -> list[Row]:
    """The next children to start; they are no longer pending."""
    return tx.all(
        "DELETE FROM sfn_pending WHERE map_run = ? AND item IN (SELECT item FROM sfn_pending"
        " WHERE map_run = ? ORDER BY item LIMIT ?) RETURNING item, item_count, input",
        run,
        run,
        most,
    )


def any_pending(tx: Tx, run: int) -> bool:
    return tx.one("SELECT 1 FROM sfn_pending WHERE map_run = ? LIMIT 1", run) is not None


def end(tx: Tx, r: Running, stop: StopMapRun) -> None:
    run = by_arn(tx, stop.run_arn)
    if run is None or run["status"] != "RUNNING":
        return
    tx.run(
        "UPDATE sfn_map_run SET status = ?, stopped = ?"
        " WHERE account = ? AND region = ? AND id = ?",
        stop.status,
        tx.now,
        tx.account,
        tx.region,
        run["id"],
    )
    tx.run("DELETE FROM sfn_pending WHERE map_run = ?", run["id"])
    if stop.status != "SUCCEEDED":
        reply = ReplyTo("stepfunctions", "leftover", str(run["id"]))
        tx.emit(Wake(), reply_to=reply, principal=r.about.principal)


def count_end(tx: Tx, run: int, status: str, items: int) -> None:
    tally = Tally()
    tally.count(COLUMN[status], items)
    tally.write(tx, run)


def counts(row: Row, prefix: str = "") -> dict[str, Any]:
    """executionCounts, or itemCounts with the prefix `items_`."""
    told = {status: row[f"{prefix}{status}"] for status in COLUMN.values()}
    started = row["items_started"] if prefix else row["started_children"]
    total = row[f"{prefix}total"]
    ended = sum(told.values())
    over = row["status"] != "RUNNING"
    return {
        "pending": 0 if over else total - started,
        "running": 0 if over else started - ended,
        "succeeded": told["succeeded"],
        "failed": told["failed"],
        "timedOut": told["timed_out"],
        "aborted": told["aborted"] + (total - ended if over else 0),
        "total": total,
        "resultsWritten": ended if row["status"] == "SUCCEEDED" else 0,
    }


def unreadable(tx: Tx, r: Running, read: ReadItems) -> None:
    """A run whose items could not be read is there all the same, and has failed."""
    state = _state(r, read.frame)
    join = r.live.join(read.frame)
    tx.run(
        "INSERT INTO sfn_map_run (account, region, id, arn, execution, execution_arn, frame,"
        " part, express, status, started, stopped, max_concurrency, total, items_total)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 'FAILED', ?, ?, ?, 0, 0)",
        tx.account, tx.region, tx.next_seq(), read.run_arn, r.about.id, r.execution.arn,
        read.frame,
        state.processor if state is not None else "", tx.now, tx.now,
        _written_limit(state, join.limit),
    )  # fmt: skip
