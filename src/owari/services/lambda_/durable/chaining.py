"""Chained invocations: a durable function invokes another function and waits for its answer.

A durable target becomes an execution of its own, which reports its end to the operation that
started it; any other target is a durable `Call` of lambda:Invoke.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.effects import Call, ReplyTo, Report
from owari.errors import ServiceError
from owari.services.lambda_ import sql
from owari.services.lambda_.core import BACKOFF_MAX_S
from owari.services.lambda_.durable.checking import CHAINED_MAX_BYTES
from owari.services.lambda_.durable.completing import complete_parent
from owari.services.lambda_.durable.operations import Op, Update, completed
from owari.services.lambda_.durable.running import error_object
from owari.services.lambda_.durable.settings import UNQUALIFIED, durable_settings
from owari.services.lambda_.durable.starting import start
from owari.services.lambda_.durable.turns import Turn, turn_of
from owari.services.lambda_.faults import beyond_owari, function_not_found, invalid
from owari.services.lambda_.names import FunctionRef, function_arn, parse_function
from owari.services.lambda_.spec import Deployed
from owari.store.tx import Tx
from owari.wire.operation import reaction


def begin(turn: Turn, op: Op, update: Update) -> None:
    """A target that cannot be invoked fails the operation at once, in this checkpoint."""
    options = update["ChainedInvokeOptions"]
    if options.get("TenantId"):
        raise beyond_owari("tenant isolation of functions")
    try:
        ref, found = _target(turn, options["FunctionName"])
    except ServiceError as refusal:
        error = {"ErrorType": refusal.code, "ErrorMessage": refusal.message}
        turn.put(op, {**update, "Payload": None})
        turn.put(completed(op, "FAILED", None, error, turn.tx.now))
        return
    told = _invoke(turn, op, ref, found, update.get("Payload") or "{}")
    turn.put(op, update, ExecutedVersion=found.version, **told)


def _target(turn: Turn, name: str) -> tuple[FunctionRef, Deployed]:
    tx, e = turn.tx, turn.e
    ref = parse_function(
        name,
        None,
        account=e.account,
        region=e.region,
        principal=e.principal,
        action="InvokeFunction",
    )
    found = sql.deployed(tx, ref.name, ref.version)
    if found is None:
        raise function_not_found(function_arn(e.account, e.region, ref.name, ref.version))
    if durable_settings(found) is not None and ref.qualifier is None:
        raise invalid(UNQUALIFIED)
    return ref, found


def _invoke(
    turn: Turn, op: Op, ref: FunctionRef, found: Deployed, payload: str
) -> Mapping[str, Any]:
    tx, e = turn.tx, turn.e
    key = f"{e.id}|{op.id}"
    settings = durable_settings(found)
    if settings is not None and ref.qualifier is not None:
        child = start(
            tx,
            found,
            ref.qualifier,
            settings,
            payload,
            origin="chained",
            parent=key,
            principal=e.principal,
            trace=e.trace,
        )
        return {"DurableExecutionArn": child.arn}
    target = function_arn(e.account, e.region, ref.name, ref.qualifier)
    tx.emit(
        Call("lambda", "Invoke", {"FunctionName": target, "Payload": payload.encode()}),
        reply_to=ReplyTo("lambda", "durable-chained", key),
        principal=e.principal,
        trace=e.trace,
    )
    return {}


@reaction("lambda", "durable-chained")
def on_answered(tx: Tx, report: Report) -> None:
    """Throttled, or a system error: it is asked again, as long as the execution lasts."""
    error, result = report.error, report.result or {}
    turn = turn_of(tx, int(report.key.split("|")[0]))
    if turn is None or not turn.e.is_running:
        return
    if error is not None and (error.status == 429 or (error.status or 400) >= 500):
        tx.again(report, due=tx.now + min(2.0 ** min(report.attempt - 1, 10), BACKOFF_MAX_S))
        return
    if error is not None:
        told = {"ErrorType": error.code, "ErrorMessage": error.message}
        complete_parent(tx, report.key, "FAILED", None, told)
    elif result.get("FunctionError"):
        complete_parent(tx, report.key, "FAILED", None, error_object(result["Payload"]))
    else:
        _succeed(tx, report.key, result["Payload"])


def _succeed(tx: Tx, key: str, payload: bytes) -> None:
    if len(payload) > CHAINED_MAX_BYTES:
        problem = (
            "CHAINED_INVOKE output payload size must be less than or equal to"
            f" {CHAINED_MAX_BYTES} bytes."
        )
        complete_parent(tx, key, "FAILED", None, {"ErrorMessage": problem})
    else:
        complete_parent(tx, key, "SUCCEEDED", payload.decode("utf-8", "replace"), None)
