"""What a checkpoint may say. Each rule and its wording are AWS's; see operations.py for sources.

Bounds: Lambda quotas, "Durable functions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from owari.services.lambda_.durable.operations import ACTIONS, Op, Update
from owari.services.lambda_.faults import constraint, invalid

ERROR_MAX_BYTES = 32_768
PAYLOAD_MAX_BYTES = 256 * 1024
CHAINED_MAX_BYTES = 1024 * 1024
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")

EXECUTION_MAX_BYTES = 6 * 1024 * 1024
OPERATIONS_MAX = 3_000
DATA_MAX_BYTES = 100 * 1024 * 1024


def check_batch(updates: Sequence[Update]) -> None:
    """What can be said of the updates without knowing the operations."""
    endings = [u for u in updates if u["Type"] == "EXECUTION"]
    if len(endings) > 1:
        raise invalid("Cannot checkpoint multiple EXECUTION updates.")
    if endings and updates[-1]["Type"] != "EXECUTION":
        raise invalid("EXECUTION checkpoint must be the last update.")
    last: dict[str, Update] = {}
    for update in updates:
        before = last.get(update["Id"])
        if before is not None and not _may_follow(before, update):
            raise invalid("Cannot checkpoint multiple operations with the same ID.")
        last[update["Id"]] = update


def _may_follow(before: Update, update: Update) -> bool:
    """A step or context may be begun and ended in one checkpoint."""
    return (
        before["Type"] in ("STEP", "CONTEXT")
        and before["Action"] == "START"
        and update["Action"] != "START"
    )


def check(update: Update, op: Op | None, parent: Op | None, *, is_child: bool) -> None:
    """Whether `update` may be made of `op`. `is_child`: a chained invocation started this
    execution, so its result goes into an operation."""
    if not _ID.fullmatch(update["Id"]):
        rule = "satisfy regular expression pattern: [a-zA-Z0-9-_]+"
        raise constraint(update["Id"], "updates.id", rule)
    if update["Type"] not in ACTIONS:
        raise invalid("Unknown operation type.")
    if op is not None:
        _check_same(update, op)
    if update.get("ParentId") is not None and (parent is None or parent.type != "CONTEXT"):
        raise invalid("Invalid parent operation id.")
    if update["Action"] not in ACTIONS[update["Type"]]:
        raise invalid("Invalid action for the given operation type.")
    _check_sizes(update, is_child=is_child)
    _check_seconds(update)
    _check_content(update)


def _check_same(update: Update, op: Op) -> None:
    for member, word in (
        ("Type", "operation type"),
        ("SubType", "operation subtype"),
        ("Name", "operation name"),
        ("ParentId", "parent operation id"),
    ):
        if update.get(member) is not None and update[member] != op.shown.get(member):
            raise invalid(f"Inconsistent {word}.")


def _check_sizes(update: Update, *, is_child: bool) -> None:
    error = update.get("Error")
    if error is not None and len(json.dumps(error)) > ERROR_MAX_BYTES:
        raise invalid(f"Error object size must be less than {ERROR_MAX_BYTES} bytes.")
    payload = update.get("Payload")
    if payload is None:
        return
    kind = update["Type"]
    what, most = {
        "CHAINED_INVOKE": ("CHAINED_INVOKE input", CHAINED_MAX_BYTES),
        "EXECUTION": ("Execution output", CHAINED_MAX_BYTES if is_child else EXECUTION_MAX_BYTES),
    }.get(kind, (f"{kind} output", PAYLOAD_MAX_BYTES))
    if len(payload.encode()) > most:
        raise _too_large(what, most)


_SECONDS = (
    ("WaitOptions", "WaitSeconds", 1, 31_622_400),
    ("StepOptions", "NextAttemptDelaySeconds", 0, 31_622_400),
    ("CallbackOptions", "TimeoutSeconds", 0, 99_999_999),
    ("CallbackOptions", "HeartbeatTimeoutSeconds", 0, 99_999_999),
)


def _check_seconds(update: Update) -> None:
    for options, member, least, most in _SECONDS:
        value = (update.get(options) or {}).get(member)
        if value is not None and not least <= value <= most:
            rule = f"have value between {least} and {most}"
            raise constraint(value, f"updates.{options}.{member}", rule)


def _check_content(update: Update) -> None:
    payload, error = update.get("Payload"), update.get("Error")
    match update["Type"], update["Action"]:
        case _, "FAIL" if payload is not None:
            raise invalid("Cannot provide a Payload for FAIL action.")
        case _, "SUCCEED" if error is not None:
            raise invalid("Cannot provide an Error for SUCCEED action.")
        case "STEP", "RETRY":
            if update.get("StepOptions") is None:
                raise invalid("Invalid StepOptions for the given action.")
            if payload is not None and error is not None:
                raise invalid("Cannot provide both error and payload to RETRY a STEP.")
        case "CHAINED_INVOKE", "START" if update.get("ChainedInvokeOptions") is None:
            raise invalid("Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.")


def check_output_size(result: str | None) -> None:
    if result is not None and len(result.encode()) > EXECUTION_MAX_BYTES:
        raise _too_large("Execution output", EXECUTION_MAX_BYTES)


def _too_large(what: str, most: int) -> Exception:
    return invalid(f"{what} payload size must be less than or equal to {most} bytes.")


def check_totals(operations: int, size: int) -> None:
    if operations > OPERATIONS_MAX:
        raise invalid(f"The durable execution exceeded the maximum of {OPERATIONS_MAX} operations.")
    if size > DATA_MAX_BYTES:
        raise invalid(
            f"The durable execution exceeded the maximum of {DATA_MAX_BYTES} bytes of data."
        )


def size_of(update: Update) -> int:
    """What an update adds to the data of its execution, in bytes."""
    error = update.get("Error")
    return len((update.get("Payload") or "").encode()) + (len(json.dumps(error)) if error else 0)


# ---- what an invocation answers
def checked_output(output: Any) -> Mapping[str, Any]:
    """`{Status, Result, Error}` of a durable function. Raises InvalidParameterValueException."""
    if not isinstance(output, dict):
        raise invalid("Invalid invocation output: it must be an object with a Status.")
    status = output.get("Status")
    if status not in ("SUCCEEDED", "FAILED", "PENDING"):
        raise invalid(f"Invalid Status in invocation output: {status}")
    result, error = output.get("Result"), output.get("Error")
    if status == "FAILED" and result is not None:
        raise invalid("Cannot provide a Result for FAILED status.")
    if status == "SUCCEEDED" and error is not None:
        raise invalid("Cannot provide an Error for SUCCEEDED status.")
    if not isinstance(result, str | None) or not isinstance(error, dict | None):
        raise invalid("Invalid invocation output: Result must be text and Error an object.")
    check_output_size(result)
    return output
