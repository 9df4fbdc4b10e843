"""An execution's operations as its function gets them, in pages."""

from __future__ import annotations

from typing import Any

from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.operations import Op, Shown
from owari.services.lambda_.durable.rows import Execution
from owari.store.tx import Tx

PAGE_MAX = 1000
PAGE_MAX_BYTES = 5 * 1024 * 1024

_TIMES = ("StartTimestamp", "EndTimestamp", "NextAttemptTimestamp", "ScheduledEndTimestamp")


def execution_operation(tx: Tx, e: Execution) -> Shown:
    """The execution itself is the first of its operations."""
    return {
        "Id": e.run,
        "Type": "EXECUTION",
        "Name": e.name,
        "StartTimestamp": e.started,
        "Status": "STARTED",
        "ExecutionDetails": {"InputPayload": rows.text(tx, e.id, "input") or "{}"},
    }


def state_page(tx: Tx, e: Execution, after: int, most: int) -> dict[str, Any]:
    """`Operations` and, when there are more, `NextMarker`. `after` -1: from the beginning."""
    first = [execution_operation(tx, e)] if after < 0 else []
    room = PAGE_MAX_BYTES
    for shown in first:
        room -= len(shown["ExecutionDetails"]["InputPayload"])
    found, last = rows.page(tx, e.id, max(after, 0), max(most - len(first), 1), room)
    made: dict[str, Any] = {"Operations": first + [op.shown for op in found]}
    return made if last is None else made | {"NextMarker": str(last)}


def initial_state(tx: Tx, e: Execution) -> dict[str, Any]:
    """In an event, times are milliseconds."""
    page = state_page(tx, e, -1, PAGE_MAX)
    return page | {"Operations": [_in_millis(shown) for shown in page["Operations"]]}


def shown(ops: list[Op]) -> list[Shown]:
    return [op.shown for op in ops]


def _in_millis(value: Shown) -> Shown:
    made: Shown = {}
    for key, part in value.items():
        if key in _TIMES:
            made[key] = int(part * 1000)
        else:
            made[key] = _in_millis(part) if key.endswith("Details") else part
    return made
