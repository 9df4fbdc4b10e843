"""What the end of a delivery means. Pure.

Sources: EventBridge user guide, "Using dead-letter queues to process undelivered events" (error
codes), "API destinations" (which answers are retried).
"""

from __future__ import annotations

from dataclasses import dataclass

from owari.effects import Report
from owari.errors import ServiceError

_THROTTLED = frozenset(
    ("RequestThrottled", "Throttling", "ThrottlingException", "TooManyRequestsException")
) | {"LimitExceededException", "OverLimit"}
_MISSING = ("NotFound", "NonExistent", "DoesNotExist", "NotExist")
_RETRIED_ANSWERS = frozenset((401, 407, 409, 429))


@dataclass(frozen=True, slots=True)
class Failure:
    """`code` and `message` as the dead letter tells them."""

    code: str
    message: str
    transient: bool


def failure_of(error: ServiceError) -> Failure:
    """What a target's refusal is."""
    name = error.code.rpartition(".")[2]
    if name in _THROTTLED or error.status == 429:
        return Failure("THROTTLING", error.message, transient=True)
    if error.status is not None and error.status >= 500 and error.status != 501:
        return Failure("ERROR_FROM_TARGET", error.message, transient=True)
    if any(part in name for part in _MISSING):
        return Failure("NO_RESOURCE", error.message, transient=False)
    if name.startswith("AccessDenied"):
        return Failure("NO_PERMISSIONS", error.message, transient=False)
    if name.startswith(("Invalid", "Validation", "MissingParameter", "ClientException")):
        return Failure("INVALID_PARAMETER", error.message, transient=False)
    return Failure("ERROR_FROM_TARGET", error.message, transient=False)


def web_failure(report: Report) -> Failure | None:
    """What an API destination's answer is; None: delivered."""
    if report.error is not None:
        code = "TIMEOUT" if report.error.code == "Timeout" else "CONNECTION_FAILURE"
        return Failure(code, report.error.message, transient=True)
    status = (report.result or {}).get("status", 0)
    if 200 <= status < 300:
        return None
    transient = status in _RETRIED_ANSWERS or status >= 500
    code = "THROTTLING" if status == 429 else "ERROR_FROM_TARGET"
    return Failure(code, f"The endpoint answered with status {status}.", transient)
