"""Invocations as callers ask for them: wait for the answer, leave an event, or only check.

A synchronous invocation reads one row, makes a spec and goes straight to compute; nothing about
it is stored. An event is one effect in the outbox (api_events.py takes it from there).
"""

from __future__ import annotations

import base64
import binascii
from functools import partial
from typing import Any

import orjson

from owari.effects import ReplyTo, Run
from owari.json_text import is_json
from owari.services.lambda_ import sql
from owari.services.lambda_.answers import answer
from owari.services.lambda_.core import Event
from owari.services.lambda_.durable.invoking import invoke_durable
from owari.services.lambda_.durable.settings import durable_settings
from owari.services.lambda_.faults import (
    bad_content,
    beyond_owari,
    function_not_found,
    invalid,
    throttled,
    too_large,
)
from owari.services.lambda_.lookup import named
from owari.services.lambda_.names import FunctionRef, function_arn
from owari.services.lambda_.spec import Deployed, spec_for
from owari.store.tx import Tx
from owari.wire.message import Upload
from owari.wire.operation import Answer, Direct, Params, Result, operation

CLIENT_CONTEXT_MAX_BYTES = 3583


def _stores_nothing(p: Params) -> bool:
    return p.get("InvocationType") != "Event"


@operation("lambda", "Invoke", reads=_stores_nothing)
def invoke(tx: Tx, p: Params) -> Answer:
    ref = named(tx, p, "InvokeFunction")
    found = deployed(tx, ref)
    if p.get("TenantId"):
        raise beyond_owari("tenant isolation of functions")
    payload = checked_event(p.get("Payload"))
    settings = durable_settings(found)
    if settings is not None:
        return invoke_durable(tx, p, ref, found, settings, payload)
    if p.get("DurableExecutionName"):
        raise invalid("DurableExecutionName can only be given for a durable function.")
    match p.get("InvocationType") or "RequestResponse":
        case "RequestResponse":
            return _direct(tx, p, ref, found, payload)
        case "Event":
            return _accept(tx, ref, payload)
        case "DryRun":
            return {"StatusCode": 204}
        case other:
            raise invalid(f"Unknown invocation type {other}.")


@operation("lambda", "InvokeAsync")
def invoke_async(tx: Tx, p: Params) -> Result:
    """The deprecated way to leave an event."""
    ref = named(tx, p, "InvokeFunction")
    deployed(tx, ref)
    args: Any = p["InvokeArgs"]
    if isinstance(args, Upload):
        if args.size > tx.limits.function_async_payload_max_bytes:
            raise _event_too_large(tx, args.size)
        args = args.data if args.blob is None else tx.blobs.read(args.blob)
    _accept(tx, ref, checked_event(args))
    return {"Status": 202}


def deployed(tx: Tx, ref: FunctionRef) -> Deployed:
    found = sql.deployed(tx, ref.name, ref.version)
    if found is None:  # Invoke names the version it looked for, $LATEST too
        raise function_not_found(function_arn(tx.account, tx.region, ref.name, ref.version))
    return found


def checked_event(payload: bytes | None) -> bytes:
    """The event; an empty payload is an empty object, as on AWS."""
    if not payload:
        return b"{}"
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        if not is_json(payload):
            raise bad_content(f"Could not parse request body into json: {error}") from None
    return payload


def _direct(tx: Tx, p: Params, ref: FunctionRef, found: Deployed, payload: bytes) -> Direct:
    finish = partial(
        answer,
        version=found.version,
        tail=p.get("LogType") == "Tail",
        reserved=found.reserved,
        response_max_bytes=tx.limits.function_response_max_bytes,
    )
    return Direct(awaited_spec(tx, p, ref, found, payload), finish)


def awaited_spec(
    tx: Tx, p: Params, ref: FunctionRef, found: Deployed, payload: bytes, *, streaming: bool = False
) -> dict[str, Any]:
    """What compute is given for a caller who waits. Raises RequestTooLargeException,
    TooManyRequestsException, InvalidRequestContentException."""
    most = tx.limits.function_sync_payload_max_bytes
    if len(payload) > most:
        raise too_large(
            f"Request must be smaller than {most} bytes for the InvokeFunction operation"
        )
    if found.reserved == 0:
        raise throttled(found.reserved)
    return spec_for(
        found,
        ref.qualifier,
        payload=payload,
        request_id=tx.request_id,
        trace_id=tx.trace_id,
        client_context=client_context(p.get("ClientContext")),
        streaming=streaming,
    )


def client_context(text: str | None) -> str | None:
    """Base64 of a JSON object of at most 3,583 bytes; passed on as received."""
    if not text:
        return None
    if len(text) > CLIENT_CONTEXT_MAX_BYTES:
        raise bad_content(
            f"Client context must be no more than {CLIENT_CONTEXT_MAX_BYTES} bytes when"
            " base64-encoded"
        )
    try:
        decoded = orjson.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, orjson.JSONDecodeError, ValueError):
        decoded = None
    if not isinstance(decoded, dict):
        raise bad_content("Client context must be a valid Base64-encoded JSON object.")
    return text


def _event_too_large(tx: Tx, size: int) -> Exception:
    most = tx.limits.function_async_payload_max_bytes
    return too_large(
        f"{size} byte payload is too large for the Event invocation type (limit {most} bytes)"
    )


def _accept(tx: Tx, ref: FunctionRef, payload: bytes) -> dict[str, Any]:
    """Record the event; the request id stays with it through every retry."""
    if len(payload) > tx.limits.function_async_payload_max_bytes:
        raise _event_too_large(tx, len(payload))
    event = Event(
        request_id=tx.request_id,
        name=ref.name,
        qualifier=ref.qualifier or "",
        payload=payload.decode(),
        received=tx.now,
    )
    tx.emit(Run("lambda", event.as_json()), reply_to=ReplyTo("lambda", "invocation", tx.request_id))
    return {"StatusCode": 202}
