"""Operations that somebody else ends: who answers a callback, the function that was invoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.services.lambda_.durable.operations import completed
from owari.services.lambda_.durable.turns import Turn, turn_of
from owari.store.tx import Tx


def complete(
    turn: Turn, operation: str, status: str, result: str | None, error: Mapping[str, Any] | None
) -> bool:
    """Ends an operation and has the function invoked for it; False when it had ended before."""
    op = turn.find(operation)
    if not turn.e.is_running or op is None or op.status != "STARTED":
        return False
    turn.e.size += len((result or "").encode())
    turn.put(completed(op, status, result, error, turn.tx.now))
    turn.invoke()
    return True


def complete_parent(
    tx: Tx, parent: str, status: str, result: str | None, error: Mapping[str, Any] | None
) -> None:
    """`parent` is `ID|OPERATION`; one that is over stays as it is."""
    execution, operation = parent.split("|")
    turn = turn_of(tx, int(execution))
    if turn is not None and complete(turn, operation, status, result, error):
        turn.close()
