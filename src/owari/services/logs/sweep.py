"""Clearing away: what retention ends, what was deleted, and the oldest when there is too much.

Every step is small and continued by another wake-up, so the writer is never held up. A segment
file is removed only when an *earlier* commit found no chunk in it (the chunks' removal is then
on disk); only the segment being written ever gets new chunks.
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.logs import core
from owari.services.logs.rows import now_ms
from owari.services.logs.sweeping import SWEEP, SWEEP_EVERY_S, TRIM
from owari.store.segments import SEGMENT_MAX_BYTES
from owari.store.tx import Tx
from owari.wire.operation import reaction

CHUNKS_AT_ONCE = 2_000
SOURCE_KEPT_S = 30 * 86_400.0  # of an agent that has not been heard of


@reaction("logs", "sweep")
def on_sweep_due(tx: Tx, report: Report) -> None:
    more = _expire(tx)
    _free_segments(tx)
    tx.run("DELETE FROM log_source WHERE changed < ?", tx.now - SOURCE_KEPT_S)
    if more or _is_anything_left(tx):
        tx.emit(Wake(), due=tx.now + (0.05 if more else SWEEP_EVERY_S), reply_to=SWEEP)


def _is_anything_left(tx: Tx) -> bool:
    """Without groups there is nothing to look after; the next one has it looked after again."""
    tables = ("log_group", "log_chunk", "log_source", "log_segment_unused")
    return any(tx.one(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)


@reaction("logs", "trim")
def on_trim_due(tx: Tx, report: Report) -> None:
    more = _drop_oldest(tx)
    pending = _free_segments(tx)
    if more or pending:
        tx.emit(Wake(), due=tx.now + 0.05, reply_to=TRIM)


@reaction("logs", "purge")
def on_purge_due(tx: Tx, report: Report) -> None:
    assert report.result is not None
    group, stream = report.result["group"], report.result["stream"]
    if stream is not None:
        more = _remove(tx, "stream_id = ?", (stream,), "first_ts")
    else:
        where = "account = ? AND region = ? AND group_id = ?"
        more = _remove(tx, where, (tx.account, tx.region, group), "first_ts")
    if more:
        again = ReplyTo("logs", "purge", report.key)
        tx.emit(Wake(report.result), due=tx.now + 0.05, reply_to=again)


def _expire(tx: Tx) -> bool:
    """Remove chunks that lie wholly before their group's retention."""
    more = False
    for g in tx.all("SELECT * FROM log_group WHERE retention_days IS NOT NULL"):
        cutoff = core.kept_since(now_ms(tx), g["retention_days"])
        where = "account = ? AND region = ? AND group_id = ? AND first_ts < ? AND last_ts < ?"
        args = (g["account"], g["region"], g["id"], cutoff, cutoff)
        more = _remove(tx, where, args, "first_ts") or more
    return more


def _drop_oldest(tx: Tx) -> bool:
    """Keep all segments together within their bound; returns whether there is more to do."""
    numbers = tx.segments.numbers()
    excess = len(numbers) - max(2, tx.limits.log_total_max_bytes // SEGMENT_MAX_BYTES)
    more = False
    for number in numbers[: max(0, excess)]:
        more = _remove(tx, "segment = ?", (number,), "start") or more
    return more


def _remove(tx: Tx, where: str, args: tuple[object, ...], order: str) -> bool:
    """Remove the first chunks of a selection; True when there may be more."""
    batch = tx.all(
        f"SELECT {order} AS edge FROM log_chunk WHERE {where} ORDER BY {order} LIMIT ?",
        *args,
        CHUNKS_AT_ONCE,
    )
    if not batch:
        return False
    where, args = f"{where} AND {order} <= ?", (*args, batch[-1]["edge"])
    freed = tx.all(
        f"SELECT group_id, SUM(length) AS size FROM log_chunk WHERE {where} GROUP BY group_id",
        *args,
    )
    for row in freed:
        tx.run(
            "UPDATE log_group SET stored_bytes = stored_bytes - ? WHERE id = ?",
            row["size"],
            row["group_id"],
        )
    tx.run(f"DELETE FROM log_chunk WHERE {where}", *args)
    return len(batch) == CHUNKS_AT_ONCE


def _free_segments(tx: Tx) -> bool:
    """Remove files found unused before; note those found unused now. True if any were noted."""
    unused = {row["number"] for row in tx.all("SELECT number FROM log_segment_unused")}
    numbers = tx.segments.numbers()
    noted = False
    for number in numbers[:-1]:
        if number in unused:
            tx.segments.remove(number)
        elif tx.one("SELECT 1 FROM log_chunk WHERE segment = ? LIMIT 1", number) is None:
            tx.run("INSERT INTO log_segment_unused (number) VALUES (?)", number)
            noted = True
    for number in unused.difference(numbers):
        tx.run("DELETE FROM log_segment_unused WHERE number = ?", number)
    return noted
