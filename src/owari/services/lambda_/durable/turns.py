"""A turn: an execution as one transaction finds, changes and leaves it.

Whatever changes an execution opens a turn, changes operations by `put`, and closes it; only then
is anything written: the operations that changed, their events as one chunk, the row, the timer.
There is one timer per execution, for the first thing that comes due.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from owari.effects import ReplyTo, Run, Wake
from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.history import Event, event_of
from owari.services.lambda_.durable.operations import TERMINAL, Op, Update, fired
from owari.services.lambda_.durable.rows import Execution
from owari.store.tx import Tx


@dataclass(slots=True)
class Turn:
    tx: Tx
    e: Execution
    events: list[Event] = field(default_factory=list)
    _ops: dict[str, Op | None] = field(default_factory=dict)

    # ---- operations
    def find(self, id: str) -> Op | None:
        if id not in self._ops:
            self._ops[id] = rows.operation(self.tx, self.e.id, id)
        return self._ops[id]

    def put(self, op: Op, update: Update | None = None, **told: Any) -> None:
        """`told` goes into the event's details."""
        e, tx = self.e, self.tx
        if self.find(op.id) is None:
            e.operations += 1
        e.changes += 1
        rows.put_operation(tx, e.id, op, e.operations, e.changes)
        if op.type == "CONTEXT" and op.status in TERMINAL and not op.details.get("ReplayChildren"):
            rows.hide_below(tx, e.id, op.id)
        self._ops[op.id] = op
        event = event_of(op, tx.now, update, **told)
        if event is not None:
            self.events.append(event)

    def beat(self, op: Op) -> None:
        """Only Owari's own part of the operation changed: the function is told nothing."""
        rows.put_operation(self.tx, self.e.id, op, 0, self.e.seen)
        self._ops[op.id] = op

    def fire_due(self) -> None:
        """Everything whose time has come."""
        for op in rows.due_operations(self.tx, self.e.id, self.tx.now):
            self.put(fired(op, self.tx.now))

    # ---- effects
    def invoke(self, *, due: float | None = None) -> None:
        """Have the function invoked, unless it is already: it then learns at its next checkpoint
        what changed, or is invoked again when it ends without having learnt it. That of a paused
        execution is invoked when it is resumed."""
        e = self.e
        if e.pause is not None:
            e.pause.wants_invocation = True
        elif e.is_running and e.invocation is None:
            e.invocation = self.tx.emit(
                Run("lambda.durable", {"execution": e.id, "FunctionName": e.function}),
                due=due,
                reply_to=ReplyTo("lambda", "durable", str(e.id)),
                principal=e.principal,
                trace=e.trace,
            )

    def _arm(self) -> None:
        """An early timer is left: it finds nothing due and sets itself anew."""
        e, tx = self.e, self.tx
        if not e.is_running:
            self.disarm()
            return
        first = rows.next_due(tx, e.id)
        due = e.timeout_at if first is None else min(first, e.timeout_at)
        if e.wake_due is not None and e.wake_due <= due:
            return
        self.disarm()
        e.wake = tx.emit(
            Wake(),
            due=due,
            reply_to=ReplyTo("lambda", "durable-timer", str(e.id)),
            principal=e.principal,
            trace=e.trace,
        )
        e.wake_due = due

    def disarm(self) -> None:
        if self.e.wake is not None:
            self.tx.cancel(self.e.wake)
        self.e.wake = self.e.wake_due = None

    def close(self) -> None:
        e, tx = self.e, self.tx
        if self.events:
            first = e.events + 1
            numbered = [{"EventId": first + n} | event for n, event in enumerate(self.events)]
            rows.add_events(tx, e.id, first, numbered)
            e.events += len(numbered)
            self.events = []
        self._arm()
        rows.save(tx, e)


def turn_of(tx: Tx, execution: int) -> Turn | None:
    """None when the execution was forgotten."""
    e = rows.by_id(tx, execution)
    return Turn(tx, e) if e else None
