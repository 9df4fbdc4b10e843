"""Pausing a durable execution, and resuming it: what that does to its row.

Theory of operation. An execution that is `PAUSED` has no invocation; its waits, retries and
callbacks go on, its timer too, and whoever would have the function invoked leaves that to the
resumption (`Turn.invoke` notes it). While an invocation runs the execution is `PAUSING`: the
invocation's next checkpoint, or its end, pauses it. What the checkpoint brought is kept.

Unless the caller wanted it otherwise the time spent paused does not count: the execution timeout
stands still, until the execution is 366 days old.

Source: Lambda developer guide, "Pausing and resuming durable executions".
"""

from __future__ import annotations

from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.history import (
    execution_paused,
    execution_resumed,
    invocation_completed,
)
from owari.services.lambda_.durable.rows import Pause
from owari.services.lambda_.durable.turns import Turn


def pause(turn: Turn, reason: str | None, *, holds_timeout: bool) -> None:
    """Of an execution that is RUNNING; the turn is still to be closed."""
    e, tx = turn.e, turn.tx
    e.pause = Pause(tx.now, reason, holds_timeout)
    if e.prepared is not None:
        e.status = "PAUSING"
        return
    if e.invocation is not None:  # due, but not begun
        tx.cancel(e.invocation, "PAUSED")
        e.invocation = None
        e.pause.wants_invocation = True
    take_hold(turn)


def interrupt(turn: Turn) -> None:
    """A PAUSING execution's function checkpoints: that far and no further."""
    e, tx = turn.e, turn.tx
    assert e.pause is not None and e.invocation is not None and e.prepared is not None
    tx.cancel(e.invocation, "PAUSED")
    turn.events.append(invocation_completed(e.prepared, e.invocation, None, tx.now))
    rows.drop_text(tx, e.id, "checkpoint")
    e.invocations += 1
    e.invocation = e.prepared = None
    e.token += 1
    e.pause.wants_invocation = True
    take_hold(turn)


def take_hold(turn: Turn) -> None:
    """No invocation runs: the execution is paused from now on."""
    e = turn.e
    assert e.pause is not None and e.invocation is None
    e.status = "PAUSED"
    e.pause.held_since = turn.tx.now
    turn.events.append(execution_paused(e.run, e.name, e.pause, turn.tx.now))


def resume(turn: Turn, reason: str | None) -> None:
    """Of an execution that is PAUSED or PAUSING; the turn is still to be closed."""
    e, tx = turn.e, turn.tx
    was = e.pause
    assert was is not None
    e.status, e.pause = "RUNNING", None
    if was.held_since is None:  # it had not come to that
        return
    if was.holds_timeout:
        e.held_s += tx.now - was.held_since
    turn.events.append(execution_resumed(e.run, e.name, reason, tx.now))
    turn.fire_due()
    if was.wants_invocation or e.changes > e.seen:
        turn.invoke()
