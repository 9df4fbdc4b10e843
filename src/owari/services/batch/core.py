"""The life of a job: its states, what may follow what, and what becomes of an ended attempt.

Theory of operation. A *unit* is what runs: a job of its own, or one child of an array. Its state
is one letter, so that the children of an array pack into a few bytes:

    P pending   R runnable   A starting   X running   S succeeded
    F failed, with a row that says why
    C cancelled    T terminated before it ran    D a job it depends on failed

The last three say why by themselves: ten thousand cancelled children need no row each. An array's
own status is derived from the counts of its children: PENDING until all have ended, then FAILED
if one of them failed.

Sources: Batch user guide, "Job states", "Array jobs", "Job timeouts", "Automated job retries".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from owari.services.batch.retrying import wants_retry

PENDING, RUNNABLE, STARTING, RUNNING, SUCCEEDED = "P", "R", "A", "X", "S"
FAILED, CANCELLED, TERMINATED, ORPHANED = "F", "C", "T", "D"

WAITING = PENDING + RUNNABLE
LIVE = STARTING + RUNNING
BY_ITSELF = CANCELLED + TERMINATED + ORPHANED  # the letter says why
FAILURES = FAILED + BY_ITSELF
ENDED = SUCCEEDED + FAILURES

# What may follow what. A unit that is retried goes back to R.
TRANSITIONS: dict[str, str] = {
    PENDING: RUNNABLE + FAILURES,
    RUNNABLE: STARTING + FAILED + CANCELLED + TERMINATED,
    STARTING: RUNNING + SUCCEEDED + RUNNABLE + FAILED,
    RUNNING: SUCCEEDED + RUNNABLE + FAILED,
}

COUNTED = ("PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
SLOT: dict[str, int] = {letter: slot for slot, letter in enumerate("PRAXS")}
SLOT |= dict.fromkeys(FAILURES, 5)
STATUSES = ("SUBMITTED", *COUNTED)

EXITED = "Essential container in task exited"
NOT_STARTED = "Task failed to start"
TIMED_OUT = "Job attempt duration exceeded timeout"
DEPENDENCY_FAILED = "Dependent Job failed"
CHILD_FAILED = "Array Child Job failed"


def status_of(state: str) -> str:
    """AWS's name of a unit's state."""
    return COUNTED[SLOT[state]]


def states_of(status: str) -> str:
    """The letters that have this status."""
    return "".join(letter for letter in SLOT if COUNTED[SLOT[letter]] == status)


def array_status(counts: Sequence[int]) -> str:
    """Of the parent, from the counts of its children in the order of COUNTED."""
    if any(counts[:4]):
        return "PENDING"
    return "FAILED" if counts[5] else "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended. `final`: whatever the retry strategy says, it is not run again."""

    ok: bool
    exit_code: int | None
    reason: str
    status_reason: str
    final: bool = False


def ending_of(report: dict[str, Any], instance_id: str, stop_reason: str | None) -> Ending:
    """What a run report (compute/base.py) means for the attempt.

    `stop_reason`: someone terminated the job. A job that timed out is not retried either.
    """
    code = report.get("exit_code")
    reason = str(report.get("reason") or "")
    if stop_reason is not None:
        return Ending(False, code, "", stop_reason, final=True)
    match report["status"]:
        case "ok":
            return Ending(True, code if code is not None else 0, reason, EXITED)
        case "lost":
            return Ending(False, None, "", f"Host EC2 (instance {instance_id}) terminated.")
        case "failed":
            return Ending(False, code, reason or str(report.get("message") or ""), NOT_STARTED)
        case _ if reason.startswith(TIMED_OUT):
            return Ending(False, code, "", TIMED_OUT, final=True)
        case _:
            return Ending(False, code, reason, EXITED)


def state_after(ending: Ending, strategy: dict[str, Any], attempts: int) -> str:
    """The unit's next state: S, R (tried again) or F. `attempts` counts the one that ended."""
    if ending.ok:
        return SUCCEEDED
    if ending.final or attempts >= strategy.get("attempts", 1):
        return FAILED
    conditions = strategy.get("evaluateOnExit", ())
    again = wants_retry(conditions, ending.status_reason, ending.reason, ending.exit_code)
    return RUNNABLE if again else FAILED
