"""The history's events, as GetExecutionHistory returns them.

Each has `id`, `previousEventId`, `timestamp` (epoch seconds), `type` and at most one
`…EventDetails`. Texts of inputs and outputs are JSON.
"""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl.fault import RUNTIME, StateError

Event = dict[str, Any]
Details = dict[str, Any]
UNCUT = {"truncated": False}
EVENTS_MAX = 25_000
TOO_MANY = StateError(
    RUNTIME, f"The execution reached the maximum number of history events ({EVENTS_MAX})."
)


class HistoryFull(Exception):
    """There is room for the execution's last event only."""


def details_key(kind: str) -> str:
    if kind.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if kind.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


_KEYS: dict[str, str] = {}


def event(number: int, previous: int, now_ms: int, kind: str, details: Details | None) -> Event:
    made: Event = {
        "id": number,
        "previousEventId": previous,
        "timestamp": now_ms / 1000,
        "type": kind,
    }
    if details is not None:
        key = _KEYS.get(kind)
        if key is None:
            key = _KEYS[kind] = details_key(kind)
        made[key] = details
    return made


def entered(name: str, text: str) -> Details:
    return {"name": name, "input": text, "inputDetails": UNCUT}


def exited(name: str, text: str, assigned: dict[str, str] | None) -> Details:
    made: Details = {"name": name, "output": text, "outputDetails": UNCUT}
    if assigned:
        made["assignedVariables"] = assigned
        made["assignedVariablesDetails"] = UNCUT
    return made


def output(text: str) -> Details:
    return {"output": text, "outputDetails": UNCUT}


def failure(error: str | None, cause: str | None) -> Details:
    """A member that is not given is left out."""
    made: Details = {}
    if error is not None:
        made["error"] = error
    if cause is not None:
        made["cause"] = cause
    return made
