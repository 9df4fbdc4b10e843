"""Messages from a queue through a function, a transaction at a time (mapping.py has the theory).

`advance` does for one mapping what can be done now: it deletes what is done, receives, starts
batches, and leaves behind what will call it again: a parked receive, a Wake, the batches' runs.
"""

from __future__ import annotations

from typing import Any

from owari.effects import Call, ReplyTo, Report, Run, Wake
from owari.errors import ServiceError
from owari.services.lambda_ import mapping_rows as rows
from owari.services.lambda_ import sql
from owari.services.lambda_.mapping import (
    DELETING,
    DISABLING,
    ENABLED,
    Batch,
    BatchState,
    Mapping,
    is_complete,
    on_idle,
    on_no_room,
    on_received,
    on_trouble,
    receive_most,
    settled,
    wanted,
    window_ends,
)
from owari.services.lambda_.mapping_gathering import NEVER, Turn, take
from owari.services.lambda_.mapping_queue import (
    POLL_S,
    Message,
    asking,
    delete,
    receive,
    trouble,
)
from owari.services.lambda_.names import LATEST
from owari.store.tx import Tx
from owari.tracing import span_of
from owari.wire.operation import reaction

RECEIVES = 10  # of a mapping, per transaction: the writer's turns are short
PARTS_DELETED = 20  # likewise
PARTS_TRACED = 20  # of a large batch, what the trace knows: the messages of so many receives


def advance(
    tx: Tx, m: Mapping, messages: list[Message] | None = None, *, drained: bool = False
) -> None:
    """Do what can be done now and save the mapping. `messages` were just received for it;
    `drained`: and the queue has no more of them."""
    if m.state not in (DISABLING, DELETING):
        m.state = settled(m.state, m.enabled)
    batches = rows.idle_batches(tx, m)
    waiting = [b for b in batches if b.state is not BatchState.ENDED]
    turn = Turn(tx, m, _limit(tx, m), waiting)
    for batch in batches:
        if batch.state is BatchState.ENDED:
            _clear(turn, batch)
    if messages:
        take(turn, messages)
    if m.state == ENABLED:
        _receive(turn, drained)
    _start(turn)
    if m.state in (DISABLING, DELETING) and not m.in_flight and not turn.waiting:
        m.state = settled(m.state, m.enabled)
        if m.state == DELETING:
            _remove(turn)
            return
    _plan(turn)
    rows.save(tx, m)


def _limit(tx: Tx, m: Mapping) -> int:
    found = sql.deployed(tx, m.name, m.qualifier or LATEST)
    if found is None:
        if m.state == ENABLED and tx.now >= m.retry_at:
            on_trouble(m, f"Function not found: {m.function_arn}", tx.now)
        return m.limit(None)
    if found.reserved == 0 and m.state == ENABLED and tx.now >= m.retry_at:
        on_trouble(m, "The function's reserved concurrency is 0.", tx.now)
    return m.limit(found.reserved)


# ---- receiving
def _receive(turn: Turn, drained: bool) -> None:
    m, now = turn.m, turn.tx.now
    for _ in range(RECEIVES):
        if m.poll is not None:
            return
        if now < m.retry_at:
            turn.again(m.retry_at)
            return
        room = wanted(m, turn.waiting, turn.limit)
        if room <= 0:
            grow_at = on_no_room(m, turn.limit, now)
            if grow_at is None or grow_at > now:
                turn.again(NEVER if grow_at is None else grow_at)
                return
            continue
        if drained:
            on_idle(m)
            _park(turn, receive_most(m, room))
            return
        drained = _receive_once(turn, receive_most(m, room))
    turn.again(now)


def _receive_once(turn: Turn, most: int) -> bool:
    """Is the queue empty now?"""
    try:
        messages = receive(turn.tx, turn.m, most)
    except ServiceError as error:
        on_trouble(turn.m, trouble(error), turn.tx.now)
        return False
    on_received(turn.m)
    take(turn, messages)
    return len(messages) < most


def _park(turn: Turn, most: int) -> None:
    """Have the next messages brought: the durable call stays at the queue until there are any."""
    m = turn.m
    m.poll = turn.tx.emit(
        Call("sqs", "ReceiveMessage", asking(turn.tx, m, most, POLL_S), patient=True),
        reply_to=ReplyTo("lambda", "arrival", m.uuid),
        principal=_principal(m),
        trace=m.trace,
    )


def _principal(m: Mapping) -> str:
    return f"arn:aws:sts::{m.account}:assumed-role/lambda/{m.name}"


@reaction("lambda", "arrival")
def on_arrival(tx: Tx, report: Report) -> None:
    m = rows.find(tx, report.key)
    if m is None or m.poll != report.effect_id:
        return
    m.poll = None
    if report.error is not None:
        on_trouble(m, trouble(report.error), tx.now)
        advance(tx, m)
        return
    on_received(m)
    assert report.result is not None and tx.ended is not None
    assert isinstance(tx.ended.effect, Call)
    messages = report.result.get("Messages", [])
    asked = tx.ended.effect.params["MaxNumberOfMessages"]
    advance(tx, m, messages, drained=len(messages) < asked)


def unpark(tx: Tx, m: Mapping) -> None:
    if m.poll is not None:
        tx.cancel(m.poll)
        m.poll = None


# ---- batches
def _start(turn: Turn) -> None:
    """Give the function what is complete, as far as there are places."""
    tx, m = turn.tx, turn.m
    left = []
    for batch in turn.waiting:
        if batch.state is BatchState.FILLING and is_complete(m, batch, tx.now):
            batch.state = BatchState.FULL
        free = m.in_flight < min(m.allowed, turn.limit) and not _is_held_up(turn, batch)
        if batch.state is BatchState.FULL and free:
            batch.state = BatchState.RUNNING
            m.in_flight += 1
            tx.emit(
                Run("lambda.batch", _told(turn, batch)),
                reply_to=ReplyTo("lambda", "batch", f"{m.uuid}/{batch.number}"),
                principal=_principal(m),
                trace=batch.trace,
            )
        elif tx.now >= batch.lapses:  # its messages are back in the queue
            rows.remove_batch(tx, batch.number)
            continue
        else:
            ends = window_ends(m, batch) if batch.state is BatchState.FILLING else batch.lapses
            turn.again(ends)
            left.append(batch)
        rows.put_batch(tx, m, batch)
    turn.waiting = left


def _told(turn: Turn, batch: Batch) -> dict[str, Any]:
    """The function and the messages are for whoever looks at the trace."""
    parts = rows.receipts(turn.tx, batch.number, PARTS_TRACED)
    given = [span_of(id) for _, receipts in parts for id, _ in receipts]
    told = {"mapping": turn.m.uuid, "batch": batch.number}
    return told | {"FunctionName": turn.m.name, "messages": given}


def _is_held_up(turn: Turn, batch: Batch) -> bool:
    return batch.follows is not None and rows.batch(turn.tx, batch.follows) is not None


def _clear(turn: Turn, batch: Batch) -> None:
    """Delete what an ended batch has done from the queue, some per transaction."""
    kept = set(batch.kept)
    for number, receipts in rows.receipts(turn.tx, batch.number, PARTS_DELETED):
        delete(turn.tx, turn.m, [(id, handle) for id, handle in receipts if id not in kept])
        rows.remove_part(turn.tx, batch.number, number)
    if rows.receipts(turn.tx, batch.number, 1):
        turn.again(turn.tx.now)
        return
    rows.remove_batch(turn.tx, batch.number)
    turn.m.in_flight -= 1


# ---- later
def _plan(turn: Turn) -> None:
    """Be called again when something is due, by one Wake at a time."""
    m = turn.m
    if turn.again_at == NEVER or (m.wake is not None and m.wake_due <= turn.again_at):
        return
    if m.wake is not None:
        turn.tx.cancel(m.wake)
    m.wake_due = turn.again_at
    m.wake = turn.tx.emit(
        Wake(),
        due=m.wake_due,
        reply_to=ReplyTo("lambda", "mapping", m.uuid),
        principal=_principal(m),
        trace=m.trace,
    )


def hurry(tx: Tx, m: Mapping) -> None:
    """Have it advance right after this commits; it is saved."""
    turn = Turn(tx, m, 0, [])
    turn.again(tx.now)
    _plan(turn)
    rows.save(tx, m)


def on_function_changed(tx: Tx, name: str) -> None:
    """It came, went, or may run more or less at once: its mappings look again, right after this
    commits. Who may not run any more is brought nothing, either."""
    for m in rows.of_function(tx, name):
        unpark(tx, m)
        m.retry_at, m.troubles = tx.now, 0
        hurry(tx, m)


@reaction("lambda", "mapping")
def on_wake(tx: Tx, report: Report) -> None:
    m = rows.find(tx, report.key)
    if m is None or m.wake != report.effect_id:
        return
    m.wake = None
    advance(tx, m)


def _remove(turn: Turn) -> None:
    if turn.m.wake is not None:
        turn.tx.cancel(turn.m.wake)
    rows.remove(turn.tx, turn.m)
    turn.tx.resources.deleted(turn.m.arn)
