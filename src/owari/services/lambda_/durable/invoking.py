"""Invoke of a durable function: an execution is started, or found under its name.

Source: Lambda developer guide, "Invoking durable Lambda functions" and "Idempotency".
"""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.ending import answer_of, channel
from owari.services.lambda_.durable.naming import NAME_PATTERN, is_name
from owari.services.lambda_.durable.rows import Execution
from owari.services.lambda_.durable.settings import SYNC_MAX_S, UNQUALIFIED
from owari.services.lambda_.durable.starting import start
from owari.services.lambda_.faults import USER, constraint, invalid, throttled, too_large
from owari.services.lambda_.names import FunctionRef
from owari.services.lambda_.spec import Deployed
from owari.store.encode import loads
from owari.store.tx import Tx
from owari.wire.operation import Answer, InWriter, Params, Park

GRACE_S = 5.0


def invoke_durable(
    tx: Tx, p: Params, ref: FunctionRef, found: Deployed, settings: dict[str, Any], payload: bytes
) -> Answer:
    if ref.qualifier is None:
        raise invalid(UNQUALIFIED)
    name = p.get("DurableExecutionName")
    if name is not None and not is_name(name):
        rule = f"satisfy regular expression pattern: {NAME_PATTERN}"
        raise constraint(name, "durableExecutionName", rule)
    match p.get("InvocationType") or "RequestResponse":
        case "DryRun":
            return {"StatusCode": 204}
        case "Event":
            _check_size(tx, payload, tx.limits.function_async_payload_max_bytes)
            e = _begun(tx, ref, found, settings, payload, name, "event")
            return {"StatusCode": 202, "DurableExecutionArn": e.arn}
        case "RequestResponse":
            return _wait(tx, ref, found, settings, payload, name)
        case other:
            raise invalid(f"Unknown invocation type {other}.")


def _check_size(tx: Tx, payload: bytes, most: int) -> None:
    if len(payload) > most:
        raise too_large(
            f"Request must be smaller than {most} bytes for the InvokeFunction operation"
        )


def _wait(
    tx: Tx,
    ref: FunctionRef,
    found: Deployed,
    settings: dict[str, Any],
    payload: bytes,
    name: str | None,
) -> Answer:
    """Woken when the execution has ended; a caller who comes back finds it by its request."""
    if settings["ExecutionTimeout"] > SYNC_MAX_S:
        raise invalid(
            "You cannot synchronously invoke a durable function with an executionTimeout greater"
            " than 15 minutes."
        )
    _check_size(tx, payload, tx.limits.function_sync_payload_max_bytes)
    if tx.is_reading:
        return InWriter()
    e = rows.by_request(tx, tx.request_id)
    if e is None:
        e = _begun(tx, ref, found, settings, payload, name, "sync")
    if not e.is_running:
        return _answer(tx, e)
    if tx.last_try:
        raise ServiceError("ServiceException", "The execution did not end in time.", status=500)
    return Park(channel(e), e.timeout_at + GRACE_S, keep=True)


def _begun(
    tx: Tx,
    ref: FunctionRef,
    found: Deployed,
    settings: dict[str, Any],
    payload: bytes,
    name: str | None,
    origin: str,
) -> Execution:
    """Started now, or earlier under the same name with the same payload."""
    text = payload.decode("utf-8", "replace")
    e = rows.by_name(tx, found.name, name) if name is not None else None
    if e is not None:
        if rows.text(tx, e.id, "input") != text:
            raise ServiceError(
                "DurableExecutionAlreadyStartedException",
                f"A durable execution with the name {name} has already been started with another"
                f" payload: {e.arn}",
                status=409,
                fields=dict(USER),
            )
        return e
    if found.reserved == 0:
        raise throttled(found.reserved)
    assert ref.qualifier is not None
    return start(tx, found, ref.qualifier, settings, text, origin=origin, name=name)


def _answer(tx: Tx, e: Execution) -> dict[str, Any]:
    error = rows.text(tx, e.id, "error")
    told = answer_of(e.status, rows.text(tx, e.id, "result"), loads(error) if error else None)
    made = {
        "StatusCode": 200,
        "Payload": told.encode(),
        "ExecutedVersion": e.version,
        "DurableExecutionArn": e.arn,
    }
    return made if e.status == "SUCCEEDED" else made | {"FunctionError": "Unhandled"}
