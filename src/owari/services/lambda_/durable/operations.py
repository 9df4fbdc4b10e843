"""The operations of a durable execution: one table says what may happen to them.

Theory of operation. An operation is what the SDK checkpoints: a step, a wait, a callback, a
chained invocation, a child context. The function changes it by *updates* (`applied`); the clock
(`fired`) and others (`completed`: who answers a callback, the function invoked) change it while
the function is away. Whatever is not in `TRANSITIONS` is refused.

Sources: Lambda API reference (OperationUpdate, Operation); the behaviour where that is silent is
that of AWS's own `aws-durable-execution-sdk-python-testing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from owari.services.lambda_.faults import invalid

Update = Mapping[str, Any]
Shown = dict[str, Any]

TERMINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "STOPPED"})

TRANSITIONS: dict[tuple[str, str | None, str], str] = {
    ("STEP", None, "START"): "STARTED",
    ("STEP", None, "SUCCEED"): "SUCCEEDED",
    ("STEP", None, "FAIL"): "FAILED",
    ("STEP", None, "RETRY"): "PENDING",
    ("STEP", "STARTED", "SUCCEED"): "SUCCEEDED",
    ("STEP", "STARTED", "FAIL"): "FAILED",
    ("STEP", "STARTED", "RETRY"): "PENDING",
    ("STEP", "READY", "START"): "STARTED",
    ("STEP", "READY", "SUCCEED"): "SUCCEEDED",
    ("STEP", "READY", "FAIL"): "FAILED",
    ("STEP", "READY", "RETRY"): "PENDING",
    ("CONTEXT", None, "START"): "STARTED",
    ("CONTEXT", None, "SUCCEED"): "SUCCEEDED",
    ("CONTEXT", None, "FAIL"): "FAILED",
    ("CONTEXT", "STARTED", "SUCCEED"): "SUCCEEDED",
    ("CONTEXT", "STARTED", "FAIL"): "FAILED",
    ("WAIT", None, "START"): "STARTED",
    ("WAIT", "STARTED", "CANCEL"): "CANCELLED",
    ("CALLBACK", None, "START"): "STARTED",
    ("CHAINED_INVOKE", None, "START"): "STARTED",
}
ACTIONS: dict[str, frozenset[str]] = {
    kind: frozenset(action for type_, _, action in TRANSITIONS if type_ == kind)
    for kind in ("STEP", "CONTEXT", "WAIT", "CALLBACK", "CHAINED_INVOKE")
} | {"EXECUTION": frozenset({"SUCCEED", "FAIL"})}

DETAILS = {
    "EXECUTION": "ExecutionDetails",
    "CONTEXT": "ContextDetails",
    "STEP": "StepDetails",
    "WAIT": "WaitDetails",
    "CALLBACK": "CallbackDetails",
    "CHAINED_INVOKE": "ChainedInvokeDetails",
}

# How AWS words a transition that the table lacks.
_REFUSALS: dict[tuple[str, str], str] = {
    ("STEP", "START"): "Invalid current STEP state to start.",
    ("STEP", "SUCCEED"): "Invalid current STEP state to close.",
    ("STEP", "FAIL"): "Invalid current STEP state to close.",
    ("STEP", "RETRY"): "Invalid current STEP state to re-attempt.",
    ("CONTEXT", "START"): "Cannot start a CONTEXT that already exist.",
    ("CONTEXT", "SUCCEED"): "Invalid current CONTEXT state to close.",
    ("CONTEXT", "FAIL"): "Invalid current CONTEXT state to close.",
    ("WAIT", "START"): "Cannot start a WAIT that already exist.",
    ("WAIT", "CANCEL"): "Cannot cancel a WAIT that does not exist or has already completed.",
    ("CALLBACK", "START"): "Cannot start a CALLBACK that already exist.",
    ("CHAINED_INVOKE", "START"): "Cannot start a CHAINED_INVOKE operation that already exists.",
}

CALLBACK_TIMED_OUT = {"ErrorType": "Callback.Timeout", "ErrorMessage": "Callback timed out"}
CALLBACK_SILENT = {
    "ErrorType": "Callback.Heartbeat",
    "ErrorMessage": "Callback timed out on heartbeat",
}


@dataclass(frozen=True, slots=True)
class Op:
    """`shown` is AWS's Operation, its times in epoch seconds; the rest only Owari needs.

    `heartbeat_s` 0: no heartbeat is expected.
    """

    shown: Shown
    timeout_at: float | None = None
    heartbeat_s: int = 0
    heartbeat_at: float | None = None

    @property
    def id(self) -> str:
        found: str = self.shown["Id"]
        return found

    @property
    def type(self) -> str:
        found: str = self.shown["Type"]
        return found

    @property
    def status(self) -> str:
        found: str = self.shown["Status"]
        return found

    @property
    def details(self) -> Shown:
        found: Shown = self.shown.get(DETAILS[self.type], {})
        return found

    @property
    def is_pending(self) -> bool:
        """The function may be suspended for it: somebody else will change it."""
        waiting = "PENDING" if self.type == "STEP" else "STARTED"
        return self.type != "CONTEXT" and self.status == waiting

    @property
    def due(self) -> float | None:
        """When the clock changes it next."""
        if not self.is_pending:
            return None
        match self.type:
            case "WAIT":
                return float(self.details["ScheduledEndTimestamp"])
            case "STEP":
                return float(self.details["NextAttemptTimestamp"])
            case _:
                times = [t for t in (self.timeout_at, self.heartbeat_at) if t is not None]
                return min(times) if times else None


# ---- by the function
def applied(op: Op | None, update: Update, now: float, callback_id: str) -> Op:
    """`op` (None: there is none yet) after the update.

    `callback_id` is the id a callback that starts gets. Raises InvalidParameterValueException.
    """
    kind, action = update["Type"], update["Action"]
    status = TRANSITIONS.get((kind, op.status if op else None, action))
    if status is None:
        raise invalid(_REFUSALS.get((kind, action), f"Invalid {kind} action."))
    shown = dict(op.shown) if op else _begun(update, now)
    shown["Status"] = status
    if status in TERMINAL:
        shown["EndTimestamp"] = now
    shown[DETAILS[kind]] = _details(kind, op.details if op else {}, update, now, callback_id)
    made = replace(op, shown=shown) if op else Op(shown)
    return _with_timeouts(made, update, now) if kind == "CALLBACK" else made


def _begun(update: Update, now: float) -> Shown:
    named = {key: update[key] for key in ("ParentId", "Name", "SubType") if update.get(key)}
    return {"Id": update["Id"], "Type": update["Type"], **named, "StartTimestamp": now}


def _details(kind: str, old: Shown, update: Update, now: float, callback_id: str) -> Shown:
    match kind:
        case "STEP":
            return _step(old, update, now)
        case "CONTEXT":
            options = update.get("ContextOptions") or {}
            replay = {"ReplayChildren": True} if options.get("ReplayChildren") else {}
            return {**_outcome(update), **replay}
        case "WAIT" if update["Action"] == "START":
            seconds = (update.get("WaitOptions") or {}).get("WaitSeconds", 1)
            return {"ScheduledEndTimestamp": now + seconds}
        case "CALLBACK":
            return {"CallbackId": callback_id}
        case _:
            return dict(old)


def _step(old: Shown, update: Update, now: float) -> Shown:
    """A step that is begun again keeps what its last attempt left (a condition's state)."""
    attempt = old.get("Attempt", 0)
    if update["Action"] == "START":
        kept: Shown = {key: old[key] for key in ("Result", "Error") if key in old}
        return {"Attempt": attempt, **kept}
    made = {"Attempt": attempt + 1, **_outcome(update)}
    if update["Action"] == "RETRY":
        delay = (update.get("StepOptions") or {}).get("NextAttemptDelaySeconds", 0)
        made["NextAttemptTimestamp"] = now + delay
    return made


def _outcome(update: Update) -> Shown:
    made: Shown = {}
    if update.get("Payload") is not None:
        made["Result"] = update["Payload"]
    if update.get("Error") is not None:
        made["Error"] = dict(update["Error"])
    return made


def _with_timeouts(op: Op, update: Update, now: float) -> Op:
    """0 seconds, and nothing said, mean: never."""
    options = update.get("CallbackOptions") or {}
    timeout, silence = options.get("TimeoutSeconds", 0), options.get("HeartbeatTimeoutSeconds", 0)
    return replace(
        op,
        timeout_at=now + timeout if timeout else None,
        heartbeat_s=silence,
        heartbeat_at=now + silence if silence else None,
    )


# ---- by the clock and by others
def fired(op: Op, now: float) -> Op:
    """`op`, whose time (`due`) has come: the wait is over, the retry may begin, nobody called."""
    assert op.due is not None and op.due <= now, f"{op.id} is not due"
    if op.type == "STEP":
        details = {k: v for k, v in op.details.items() if k != "NextAttemptTimestamp"}
        return replace(op, shown={**op.shown, "Status": "READY", "StepDetails": details})
    if op.type == "WAIT":
        return completed(op, "SUCCEEDED", None, None, now)
    late = op.timeout_at is not None and op.timeout_at <= now
    return completed(op, "TIMED_OUT", None, CALLBACK_TIMED_OUT if late else CALLBACK_SILENT, now)


def completed(
    op: Op, status: str, result: str | None, error: Mapping[str, Any] | None, now: float
) -> Op:
    """Ended from outside the function."""
    details = dict(op.details)
    if result is not None:
        details["Result"] = result
    if error is not None:
        details["Error"] = dict(error)
    shown = {**op.shown, "Status": status, "EndTimestamp": now, DETAILS[op.type]: details}
    return replace(op, shown=shown)


def heard(op: Op, now: float) -> Op:
    """Somebody works on the callback: its heartbeat begins anew."""
    return replace(op, heartbeat_at=now + op.heartbeat_s) if op.heartbeat_s else op
