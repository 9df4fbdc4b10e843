"""A batch of a mapping on its way through the function: prepared when due, judged when it ends.

Source: Lambda developer guide, "Handling errors for an SQS event source in Lambda". A batch that
was throttled, or that this machine could not run, is tried again until its messages' visibility
timeout is over: receive counts grow as on AWS, by one for each time the queue gave them out.
"""

from __future__ import annotations

from typing import Any

from owari.effects import DueRun, Later, Report
from owari.services.lambda_ import mapping_rows as rows
from owari.services.lambda_ import sql
from owari.services.lambda_.answers import payload_of
from owari.services.lambda_.mapping import (
    CROWDED_S,
    Batch,
    BatchState,
    Mapping,
    backoff_s,
    on_crowded,
    on_throttled,
)
from owari.services.lambda_.mapping_flow import advance
from owari.services.lambda_.mapping_records import event_of, failed_items
from owari.services.lambda_.names import LATEST
from owari.services.lambda_.spec import spec_for
from owari.store.tx import Tx
from owari.wire.operation import prepares, reaction

_ALL = 1_000_000  # parts


@prepares("lambda.batch")
def prepare_batch(tx: Tx, due: DueRun) -> dict[str, Any] | Later | None:
    m, batch = rows.find(tx, due.payload["mapping"]), rows.batch(tx, due.payload["batch"])
    if m is None or batch is None:
        return None
    found = sql.deployed(tx, m.name, m.qualifier or LATEST)
    if found is None or tx.now >= batch.lapses:
        _drop(tx, m, batch)
        return None
    if found.reserved == 0:
        return Later(min(tx.now + backoff_s(due.attempt), batch.lapses))
    return spec_for(
        found,
        m.qualifier,
        payload=event_of(rows.records(tx, batch.number)),
        request_id=due.effect_id,
        trace_id=tx.trace_id,
        durable=True,
    )


@reaction("lambda", "batch")
def on_batch_ended(tx: Tx, report: Report) -> None:
    uuid, number = report.key.split("/")
    m, batch = rows.find(tx, uuid), rows.batch(tx, int(number))
    if m is None or batch is None:
        return
    assert report.result is not None, "a run reports, it does not fail"
    if report.result["status"] in ("ok", "error"):
        _judge(tx, m, batch, report.result)
        return
    if report.result["status"] == "throttled":
        on_throttled(m, tx.now)
    due = tx.now + backoff_s(report.attempt - 1)
    if due < batch.lapses:
        tx.again(report, due=due)
        rows.save(tx, m)
    else:
        _drop(tx, m, batch)


def _judge(tx: Tx, m: Mapping, batch: Batch, result: dict[str, Any]) -> None:
    """Which messages are done, by the function's answer."""
    payload, failed = payload_of(result, tx.limits.function_response_max_bytes)
    _feel_the_crowd(tx, m, result)
    kept: set[str] | None = set()
    if failed:
        kept = None
        if not m.reports_items:  # AWS slows down for failures, unless items are reported
            on_crowded(m, tx.now)
    elif m.reports_items:
        ids = {id for _, part in rows.receipts(tx, batch.number, _ALL) for id, _ in part}
        kept = failed_items(payload, ids)
    if kept is None:
        _drop(tx, m, batch)
        return
    if kept:
        _drop_followers(tx, batch.number)
    batch.state, batch.kept = BatchState.ENDED, sorted(kept)
    rows.put_batch(tx, m, batch)
    advance(tx, m)


def _feel_the_crowd(tx: Tx, m: Mapping, result: dict[str, Any]) -> None:
    """A batch that waited long for an environment: the machine has enough to do."""
    assert tx.ended is not None
    worked_s = (result["duration_ms"] + result["init_ms"]) / 1000
    if tx.now - tx.ended.due - worked_s > CROWDED_S:
        on_crowded(m, tx.now)


def _drop(tx: Tx, m: Mapping, batch: Batch) -> None:
    """Its messages come back when the queue shows them again."""
    rows.remove_batch(tx, batch.number)
    _drop_followers(tx, batch.number)
    m.in_flight -= 1
    advance(tx, m)


def _drop_followers(tx: Tx, number: int) -> None:
    """What was received behind a message that failed must not overtake it."""
    while (follower := rows.follower(tx, number)) is not None:
        rows.remove_batch(tx, follower)
        number = follower
