"""Event-invoke configurations: retries, age and destinations of asynchronous invocations."""

from __future__ import annotations

from typing import Any

from owari.arn import parse_arn
from owari.services.lambda_ import sql
from owari.services.lambda_.destinations import EventInvoke, functions_named, read_config
from owari.services.lambda_.faults import invalid, not_found
from owari.services.lambda_.lookup import existing_function, named
from owari.services.lambda_.names import LATEST, FunctionRef, function_arn
from owari.services.lambda_.paging import key_of, marker_for
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50


@operation("lambda", "PutFunctionEventInvokeConfig")
def put_function_event_invoke_config(tx: Tx, p: Params) -> Result:
    """Replaces what was there."""
    ref = _version(tx, p, "PutFunctionEventInvokeConfig")
    if not _says_something(p):
        raise invalid("You must specify at least one of error handling or destination setting.")
    return _save(tx, p, ref, EventInvoke())


@operation("lambda", "UpdateFunctionEventInvokeConfig")
def update_function_event_invoke_config(tx: Tx, p: Params) -> Result:
    """Keeps what is not given."""
    ref = _version(tx, p, "UpdateFunctionEventInvokeConfig")
    if not _says_something(p):
        raise invalid("You must specify at least one of error handling or destination setting.")
    row = _existing(tx, ref)
    old = EventInvoke(row["retries"], row["max_age_s"], row["on_success"], row["on_failure"])
    return _save(tx, p, ref, old)


@operation("lambda", "GetFunctionEventInvokeConfig", reads=True)
def get_function_event_invoke_config(tx: Tx, p: Params) -> Result:
    return _described(_existing(tx, _version(tx, p, "GetFunctionEventInvokeConfig")))


@operation("lambda", "DeleteFunctionEventInvokeConfig")
def delete_function_event_invoke_config(tx: Tx, p: Params) -> Result:
    ref = _version(tx, p, "DeleteFunctionEventInvokeConfig")
    _existing(tx, ref)
    sql.remove_event_invoke(tx, ref.name, ref.version)
    return None


@operation("lambda", "ListFunctionEventInvokeConfigs", reads=True)
def list_function_event_invoke_configs(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "ListFunctionEventInvokeConfigs")
    existing_function(tx, ref)
    after = key_of(p["Marker"], str)[0] if p.get("Marker") else ""
    most = min(p.get("MaxItems") or PAGE_MAX, PAGE_MAX)
    rows = sql.event_invokes_after(tx, ref.name, after, most + 1)
    result: dict[str, Any] = {"FunctionEventInvokeConfigs": [_described(r) for r in rows[:most]]}
    if len(rows) > most:
        result["NextMarker"] = marker_for([rows[most - 1]["qualifier"]])
    return result


def _version(tx: Tx, p: Params, action: str) -> FunctionRef:
    """An existing version; raises ResourceNotFoundException as AWS words it here."""
    ref = named(tx, p, action)
    if sql.version(tx, ref.name, ref.version) is None:
        raise not_found(
            f"The function {function_arn(tx.account, tx.region, ref.name, ref.version)}"
            " doesn't exist."
        )
    return ref


def _existing(tx: Tx, ref: FunctionRef) -> Row:
    row = sql.event_invoke(tx, ref.name, ref.version)
    if row is None:
        raise not_found(
            f"The function {function_arn(tx.account, tx.region, ref.name, ref.version)}"
            " doesn't have an EventInvokeConfig"
        )
    return row


def _says_something(p: Params) -> bool:
    keys = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    return any(p.get(key) is not None for key in keys)


def _save(tx: Tx, p: Params, ref: FunctionRef, old: EventInvoke) -> Result:
    config = read_config(p, ref.name, old)
    for target in functions_named(config):
        _check_function(tx, target)
    sql.put_event_invoke(
        tx,
        ref.name,
        ref.version,
        config.retries,
        config.max_age_s,
        config.on_success,
        config.on_failure,
    )
    return _described(_existing(tx, ref))


def _check_function(tx: Tx, target: str) -> None:
    """A function in this account and region must be there."""
    arn = parse_arn(target)
    if arn is None or (arn.account, arn.region) != (tx.account, tx.region):
        raise invalid(f"The destination ARN {target} is invalid.")
    name, _, qualifier = arn.resource.removeprefix("function:").partition(":")
    if sql.version(tx, name, qualifier or LATEST) is None:
        raise invalid(f"The destination ARN {target} is invalid.")


def _described(row: Row) -> dict[str, Any]:
    result: dict[str, Any] = {
        "LastModified": row["modified"],
        "FunctionArn": function_arn(row["account"], row["region"], row["name"], row["qualifier"]),
    }
    if row["retries"] is not None:
        result["MaximumRetryAttempts"] = row["retries"]
    if row["max_age_s"] is not None:
        result["MaximumEventAgeInSeconds"] = row["max_age_s"]
    result["DestinationConfig"] = {
        "OnSuccess": {"Destination": row["on_success"]} if row["on_success"] else {},
        "OnFailure": {"Destination": row["on_failure"]} if row["on_failure"] else {},
    }
    return result
