"""ReceiveMessage: what is taken, and the wait when there is nothing."""

from __future__ import annotations

from typing import NamedTuple

from owari.services.sqs import duplicates, groups, messages, rows
from owari.services.sqs.answering import Received, Wish, shown
from owari.services.sqs.core import Queue
from owari.services.sqs.dead_letters import sift
from owari.services.sqs.faults import invalid_value, over_limit
from owari.services.sqs.message import check_token
from owari.services.sqs.queue_attributes import check_system_names
from owari.services.sqs.visibility import check_timeout
from owari.services.sqs.waiting import park
from owari.store.tx import Row, Tx
from owari.wire.operation import Answer, Params, operation

_ROUNDS = 100  # a receive passes over so many slices of expired and dead messages at most
_WAIT_MAX_S = 20
_MOST = 10


class Asked(NamedTuple):
    """How many messages, hidden until when, and how long to wait for the first."""

    most: int
    visible_at: float
    wait_s: int
    attempt: str | None


@operation("sqs", "ReceiveMessage")
def receive_message(tx: Tx, p: Params) -> Answer:
    queue = rows.open_queue(tx, p["QueueUrl"])
    asked = _asked(tx, queue, p)
    taken = _again(tx, queue, asked)
    if not taken:
        taken = _take(tx, queue, asked)
        if taken and asked.attempt is not None:
            duplicates.record_attempt(tx, queue, asked.attempt, taken, asked.visible_at)
    if taken:
        wish = Wish.of(p)
        return {"Messages": [shown(queue, message, wish) for message in taken]}
    if tx.last_try or asked.wait_s == 0:
        return {}
    return park(tx, queue, tx.now + asked.wait_s)


def _asked(tx: Tx, queue: Queue, p: Params) -> Asked:
    most = p.get("MaxNumberOfMessages")
    if most is not None and not 1 <= most <= _MOST:
        reason = f"Must be between 1 and {_MOST}, if provided."
        raise invalid_value(most, "MaxNumberOfMessages", reason)
    wait_s = p.get("WaitTimeSeconds")
    if wait_s is not None and not 0 <= wait_s <= _WAIT_MAX_S:
        reason = f"Must be >= 0 and <= {_WAIT_MAX_S}, if provided."
        raise invalid_value(wait_s, "WaitTimeSeconds", reason)
    timeout_s = p.get("VisibilityTimeout")
    if timeout_s is not None:
        check_timeout(timeout_s)
    check_system_names(p.get("AttributeNames") or [])
    check_system_names(p.get("MessageSystemAttributeNames") or [])
    attempt = p.get("ReceiveRequestAttemptId")
    if attempt is not None:
        check_token(attempt, "ReceiveRequestAttemptId")
    hidden_s = queue.seconds("VisibilityTimeout") if timeout_s is None else timeout_s
    return Asked(
        most=most or 1,
        visible_at=tx.now + hidden_s,
        wait_s=queue.seconds("ReceiveMessageWaitTimeSeconds") if wait_s is None else wait_s,
        attempt=attempt if queue.fifo else None,
    )


def _again(tx: Tx, queue: Queue, asked: Asked) -> list[Received]:
    """A retry of a receive gets the same messages; their visibility timeout starts anew."""
    if asked.attempt is None:
        return []
    again = duplicates.repeated(tx, queue, asked.attempt)
    for message in again:
        messages.set_visible(tx, queue, message.seq, asked.visible_at)
    for group in sorted({message.group or "" for message in again}):
        groups.settle(tx, queue, group)
    if again:
        duplicates.record_attempt(tx, queue, asked.attempt, again, asked.visible_at)
    return again


def _take(tx: Tx, queue: Queue, asked: Asked) -> list[Received]:
    if not _has_room(tx, queue):
        if queue.fifo or asked.wait_s:
            return []
        raise over_limit(
            "The maximum number of in flight messages is reached: "
            f"{tx.limits.queue_in_flight_max} per queue."
        )
    taken = _of_fifo(tx, queue, asked) if queue.fifo else _of_standard(tx, queue, asked)
    if taken:
        tx.cache[_bound(queue)] += len(taken)
    return taken


def _bound(queue: Queue) -> str:
    return f"sqs/in flight/{queue.pile}"


def _has_room(tx: Tx, queue: Queue) -> bool:
    """Are fewer messages in flight than may be?

    They are counted only when as many as that were received since they were counted last:
    the number kept is never too low.
    """
    limits = tx.limits
    most = limits.queue_fifo_in_flight_max if queue.fifo else limits.queue_in_flight_max
    bound: int | None = tx.cache.get(_bound(queue))
    if bound is None or bound >= most:
        bound = tx.cache[_bound(queue)] = messages.in_flight_count(tx, queue)
    return bound < most


def _of_standard(tx: Tx, queue: Queue, asked: Asked) -> list[Received]:
    taken: list[Received] = []
    for _ in range(_ROUNDS):
        most = asked.most - len(taken)
        found = messages.available(tx, queue, most)
        seen = {message.seq for message in taken}  # with no timeout they are in sight again
        alive = sift(tx, queue, [row for row in found if row["seq"] not in seen])
        taken += messages.receive(tx, queue, alive, asked.visible_at)
        if len(found) < most or len(alive) == len(found) or len(taken) == asked.most:
            break
    return taken


def _of_fifo(tx: Tx, queue: Queue, asked: Asked) -> list[Received]:
    """As many as possible of the group that waits longest, then of the next."""
    taken: list[Received] = []
    seen: set[str] = set()
    for _ in range(_ROUNDS):
        free = [g for g in groups.available(tx, queue, len(seen) + 1) if g not in seen]
        if not free or len(taken) == asked.most:
            break
        group = free[0]
        found = messages.of_group(tx, queue, group, asked.most - len(taken))
        alive = sift(tx, queue, _in_sight(tx, found))
        if alive:
            seen.add(group)
            taken += messages.receive(tx, queue, alive, asked.visible_at)
        groups.settle(tx, queue, group)
    return taken


def _in_sight(tx: Tx, found: list[Row]) -> list[Row]:
    """Up to the first that is still delayed: nothing overtakes it."""
    for number, row in enumerate(found):
        if row["visible_at"] > tx.now:
            return found[:number]
    return found
