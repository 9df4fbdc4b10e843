"""Messages that were received, put into batches. Those that no filter lets through are deleted."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from owari.services.lambda_ import mapping_queue
from owari.services.lambda_ import mapping_rows as rows
from owari.services.lambda_.mapping import Batch, BatchState, Mapping, fits
from owari.services.lambda_.mapping_filters import passes
from owari.services.lambda_.mapping_queue import Message, Receipt, receipt, visibility_timeout
from owari.services.lambda_.mapping_records import Part, record_of
from owari.store.tx import Tx
from owari.tracing import span_of

NEVER = float("inf")

Held = list[tuple[Receipt, str]]  # of messages in a batch that is not stored yet: their records


@dataclass(slots=True)
class Turn:
    """One transaction's work on a mapping. `limit` is how many batches may be in flight at most,
    `waiting` those that are not; at `again_at` it wants to be called again."""

    tx: Tx
    m: Mapping
    limit: int
    waiting: list[Batch]
    hidden_s: float | None = None  # the queue's visibility timeout, once it was asked for
    again_at: float = NEVER

    def again(self, at: float) -> None:
        self.again_at = min(self.again_at, at)


def take(turn: Turn, messages: list[Message]) -> None:
    m = turn.m
    batch = next((b for b in turn.waiting if b.state is BatchState.FILLING), None)
    held: Held = []
    for message, record in _fitting(turn, messages):
        if batch is None or not fits(m, batch, len(record)):
            follows = batch.number if batch is not None and m.fifo else None
            if batch is not None:
                batch.state = BatchState.FULL
                _store(turn, batch, held)
            batch, held = _open(turn, follows, _trace_of(turn, message)), []
        batch.count += 1
        batch.size += len(record) + 1
        held.append((receipt(message), record.decode()))
    if batch is not None:
        _store(turn, batch, held)


def _fitting(turn: Turn, messages: list[Message]) -> list[tuple[Message, bytes]]:
    m = turn.m
    filters = m.settings.get("FilterCriteria", {}).get("Filters", [])
    fitting, others = [], []
    for message in messages:
        record = record_of(message, m.source, m.region)
        if passes(filters, record):
            fitting.append((message, orjson.dumps(record)))
        else:
            others.append(receipt(message))
    mapping_queue.delete(turn.tx, m, others)
    return fitting


def _trace_of(turn: Turn, message: Message) -> str:
    """The trace a message was sent in, or a new one that begins with it: `owari trace` is asked
    for the id that SendMessage answered."""
    header: str | None = message.get("Attributes", {}).get("AWSTraceHeader")
    if header:
        return header
    digits = turn.tx.new_id().replace("-", "")
    root = f"1-{int(turn.tx.now):08x}-{digits[:24]}"
    return f"Root={root};Parent={span_of(message['MessageId'])};Sampled=0"


def _open(turn: Turn, follows: int | None, trace: str) -> Batch:
    batch = Batch(turn.tx.next_seq(), opened=turn.tx.now, follows=follows, trace=trace)
    turn.waiting.append(batch)
    return batch


def _store(turn: Turn, batch: Batch, held: Held) -> None:
    """Store the records that were added to a batch; its row is written when it is known whether
    it starts at once."""
    if not held:
        return
    if turn.hidden_s is None:
        turn.hidden_s = visibility_timeout(turn.tx, turn.m)
    part = Part(",".join(record for _, record in held), [receipt for receipt, _ in held])
    rows.add_part(turn.tx, batch.number, part)
    batch.lapses = min(batch.lapses, turn.tx.now + turn.hidden_s)
    if not fits(turn.m, batch, 1):
        batch.state = BatchState.FULL
