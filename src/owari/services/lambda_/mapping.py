"""An event source mapping as a value, and the decisions about it. Pure.

Sources: Lambda developer guide, "Configuring scaling behavior for SQS event source mappings",
"Handling errors for an SQS event source", "Batching behavior"; API reference,
EventSourceMappingConfiguration.

Theory of operation. A mapping never polls. While its queue is empty one durable ReceiveMessage is
parked there; once it has been answered, messages are received in the same transactions that take
the reports of batches, until the queue is empty again. A batch goes its way

    FILLING --full, or its window is over--> FULL --a place is free--> RUNNING --report--> ENDED

and what was done of it is deleted from the queue in the transaction that ends it. What was not
stays in flight in the queue and comes back when its visibility timeout is over, as on AWS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from owari.arn import make_arn
from owari.services.lambda_.names import function_arn

CREATING, ENABLING, ENABLED = "Creating", "Enabling", "Enabled"
DISABLING, DISABLED = "Disabling", "Disabled"
UPDATING, DELETING = "Updating", "Deleting"

PAYLOAD_MAX_BYTES = 6 * 1024 * 1024  # of a batch, whatever its size and window
RECEIVE_MAX = 10  # messages ReceiveMessage gives at once
CONCURRENCY_START = 5
CONCURRENCY_STEP = 5  # more batches each second while messages wait: AWS's 300 a minute
CONCURRENCY_MAX = 100  # ours, where AWS has 1,250: one mapping leaves room for the others
CROWDED_S = 1.0  # a batch that waited so long for an environment: more would only wait longer
BACKOFF_MAX_S = 60.0


class BatchState(IntEnum):
    FILLING = 0
    FULL = 1
    RUNNING = 2
    ENDED = 3


@dataclass(slots=True)
class Batch:
    """Messages on their way through the function. `lapses` is when the first of them is visible
    again in its queue; `kept` are the ids of those that an ended batch does not delete. Of a FIFO
    queue, a batch that was received together with another `follows` it: groups keep their order.
    `trace` is the header of what its first message belongs to.
    """

    number: int
    state: BatchState = BatchState.FILLING
    count: int = 0
    size: int = 0  # bytes of the records
    opened: float = 0.0
    lapses: float = float("inf")
    kept: list[str] = field(default_factory=list)
    follows: int | None = None
    trace: str = ""


@dataclass(slots=True)
class Mapping:
    """`settings` as AWS names them. Of the rest, all times are epoch seconds:

    `allowed` batches may be in flight, as far as `limit` lets them; `grown` is when that changed
    last. `poll` is the parked receive; `wake`, due at `wake_due`, calls `advance` again.
    `trouble` says why nothing can be received, `troubles` how often in a row.
    """

    account: str
    region: str
    uuid: str
    name: str
    qualifier: str | None
    source: str
    state: str
    enabled: bool
    settings: dict[str, Any]
    modified: float
    allowed: int = CONCURRENCY_START
    grown: float = 0.0
    in_flight: int = 0
    poll: str | None = None
    wake: str | None = None
    wake_due: float = 0.0
    trouble: str | None = None
    troubles: int = 0
    retry_at: float = 0.0

    @property
    def arn(self) -> str:
        return make_arn("lambda", self.region, self.account, f"event-source-mapping:{self.uuid}")

    @property
    def function_arn(self) -> str:
        return function_arn(self.account, self.region, self.name, self.qualifier)

    @property
    def trace(self) -> str:
        """What it does by itself belongs to no message."""
        digits = self.uuid.replace("-", "")
        return f"Root=1-{digits[:8]}-{digits[8:]};Sampled=0"

    @property
    def fifo(self) -> bool:
        return self.source.endswith(".fifo")

    @property
    def batch_size(self) -> int:
        size: int = self.settings["BatchSize"]
        return size

    @property
    def window_s(self) -> int:
        window: int = self.settings["MaximumBatchingWindowInSeconds"]
        return window

    @property
    def reports_items(self) -> bool:
        return "ReportBatchItemFailures" in self.settings["FunctionResponseTypes"]

    def limit(self, reserved: int | None) -> int:
        """The most batches at once, whatever is allowed now."""
        asked = self.settings.get("ScalingConfig", {}).get("MaximumConcurrency", CONCURRENCY_MAX)
        most: int = min(asked, CONCURRENCY_MAX)
        return most if reserved is None else min(most, reserved)


def wanted(m: Mapping, waiting: list[Batch], limit: int) -> int:
    """How many messages may be received now: places that are free, times the batch size."""
    full = sum(batch.state is BatchState.FULL for batch in waiting)
    filling = sum(batch.count for batch in waiting if batch.state is BatchState.FILLING)
    return (min(m.allowed, limit) - m.in_flight - full) * m.batch_size - filling


def receive_most(m: Mapping, wanted: int) -> int:
    """How many to ask for at once: whole batches, where several come out of one receive.

    A FIFO queue blocks the groups it gave messages of: batches that run side by side come from
    receives of their own.
    """
    most = min(RECEIVE_MAX, wanted)
    if m.fifo:
        return min(most, m.batch_size)
    if m.window_s == 0 and m.batch_size < most:
        return most - most % m.batch_size
    return most


def window_ends(m: Mapping, batch: Batch) -> float:
    """A window longer than the messages stay hidden ends before they appear again."""
    return min(batch.opened + m.window_s, batch.lapses - 1.0)


def is_complete(m: Mapping, batch: Batch, now: float) -> bool:
    """Is it time for the function to have the batch?"""
    if m.state != ENABLED or m.window_s == 0:
        return True
    return batch.count >= m.batch_size or now >= window_ends(m, batch)


def fits(m: Mapping, batch: Batch, size: int) -> bool:
    """May a record of `size` bytes go into the batch? A batch takes one, however large."""
    if batch.count == 0:
        return True
    return batch.count < m.batch_size and batch.size + size + 1 <= PAYLOAD_MAX_BYTES


def on_no_room(m: Mapping, limit: int, now: float) -> float | None:
    """Messages may wait and every place is taken: when to look again, if growing helps."""
    if m.allowed < limit and now >= m.grown + 1.0:
        m.allowed = min(m.allowed + CONCURRENCY_STEP, limit)
        m.grown = now
        return now
    return m.grown + 1.0 if m.allowed < limit else None


def on_idle(m: Mapping) -> None:
    """The queue is empty."""
    if m.in_flight == 0:
        m.allowed = min(max(m.allowed, 1), CONCURRENCY_START)


def on_crowded(m: Mapping, now: float) -> None:
    """The machine has no place for as many batches, or they fail: one less, down to the start."""
    m.allowed = max(min(m.allowed, CONCURRENCY_START), m.allowed - 1)
    m.grown = now


def on_throttled(m: Mapping, now: float) -> None:
    m.allowed = max(1, m.allowed // 2)
    m.grown = now


def on_trouble(m: Mapping, why: str, now: float) -> None:
    """Nothing can be received; it is tried again, ever less often."""
    m.trouble = why
    m.retry_at = now + backoff_s(m.troubles)
    m.troubles += 1


def on_received(m: Mapping) -> None:
    m.trouble, m.troubles, m.retry_at = None, 0, 0.0


def backoff_s(failures: int) -> float:
    """Before the next try, after so many failed ones before this."""
    return min(2.0 ** min(failures, 10), BACKOFF_MAX_S)


def settled(state: str, enabled: bool) -> str:
    """The state a mapping reaches once nothing is under way any more."""
    if state == DELETING:
        return DELETING
    return ENABLED if enabled else DISABLED


def described(m: Mapping) -> dict[str, Any]:
    """EventSourceMappingConfiguration. Of queues, AWS shows a result only of trouble."""
    shown = {
        "UUID": m.uuid,
        "EventSourceMappingArn": m.arn,
        "EventSourceArn": m.source,
        "FunctionArn": m.function_arn,
        "LastModified": m.modified,
        "State": m.state,
        "StateTransitionReason": "USER_INITIATED",
        **m.settings,
    }
    return shown | {"LastProcessingResult": f"PROBLEM: {m.trouble}"} if m.trouble else shown
