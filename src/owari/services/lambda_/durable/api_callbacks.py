"""Answers to callbacks, by who got the callback's id: it succeeded, failed, is still at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.errors import ServiceError
from owari.services.lambda_.durable.completing import complete
from owari.services.lambda_.durable.naming import parse_callback
from owari.services.lambda_.durable.operations import Op, heard
from owari.services.lambda_.durable.turns import Turn, turn_of
from owari.services.lambda_.faults import USER, invalid, not_found
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

RESULT_MAX_BYTES = 1024 * 1024


@operation("lambda", "SendDurableExecutionCallbackSuccess")
def send_durable_execution_callback_success(tx: Tx, p: Params) -> Result:
    result = p.get("Result") or b""
    if len(result) > RESULT_MAX_BYTES:
        raise invalid(f"Callback result must be at most {RESULT_MAX_BYTES} bytes.")
    try:
        text = result.decode()
    except UnicodeDecodeError:
        raise invalid("Callback result could not be decoded as UTF-8.") from None
    return _complete(tx, p["CallbackId"], "SUCCEEDED", text if result else None, None)


@operation("lambda", "SendDurableExecutionCallbackFailure")
def send_durable_execution_callback_failure(tx: Tx, p: Params) -> Result:
    return _complete(tx, p["CallbackId"], "FAILED", None, p.get("Error") or {})


@operation("lambda", "SendDurableExecutionCallbackHeartbeat")
def send_durable_execution_callback_heartbeat(tx: Tx, p: Params) -> Result:
    """Nothing the function is told of: only when the silence ends it moves."""
    turn, op = _open(tx, p["CallbackId"])
    turn.beat(heard(op, tx.now))
    turn.close()
    return {}


def _complete(
    tx: Tx, id: str, status: str, result: str | None, error: Mapping[str, Any] | None
) -> dict[str, Any]:
    turn, op = _open(tx, id)
    ended = complete(turn, op.id, status, result, error)
    assert ended, f"callback {op.id} was open"
    turn.close()
    return {}


def _open(tx: Tx, id: str) -> tuple[Turn, Op]:
    """Raises InvalidParameterValue-, ResourceNotFound- and CallbackTimeoutException."""
    execution, operation_id = parse_callback(id)
    turn = turn_of(tx, execution)
    if turn is None:
        raise not_found("The callback does not exist.")
    op = turn.find(operation_id)
    if op is not None and op.details.get("CallbackId") != id:
        raise not_found("The callback does not exist.")
    if op is None or op.status != "STARTED" or not turn.e.is_running:
        raise ServiceError(
            "CallbackTimeoutException",
            "The callback ID token has either expired or the callback associated with the token"
            " has already been closed.",
            status=400,
            fields=dict(USER),
        )
    return turn, op
