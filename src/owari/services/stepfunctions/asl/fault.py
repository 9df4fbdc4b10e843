"""How a state fails: the error a Retry or Catch sees."""

from __future__ import annotations

RUNTIME = "States.Runtime"
QUERY_EVALUATION = "States.QueryEvaluationError"
DATA_LIMIT = "States.DataLimitExceeded"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
TASK_FAILED = "States.TaskFailed"
ALL = "States.ALL"


class StateError(Exception):
    """An error name and cause as AWS words them.

    `located` errors get "An error occurred while executing the state …" before their cause.
    `location` is the field of a JSONata expression that failed (the EvaluationFailed event).
    `alias` is a second name by which a Retry or Catch may call the error.
    """

    def __init__(
        self,
        error: str | None,
        cause: str | None,
        *,
        located: bool = False,
        location: str | None = None,
        alias: str | None = None,
    ) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.located = located
        self.location = location
        self.alias = alias

    @property
    def terminal(self) -> bool:
        """States.Runtime is never retried or caught ("Handling errors in workflows")."""
        return self.error == RUNTIME


def runtime(cause: str) -> StateError:
    return StateError(RUNTIME, cause, located=True)


def query_evaluation(cause: str, location: str | None = None) -> StateError:
    return StateError(QUERY_EVALUATION, cause, located=True, location=location)


def too_large(who: str) -> StateError:
    return StateError(
        DATA_LIMIT,
        f"The state/task '{who}' returned a result with a size exceeding the maximum number of"
        " bytes service limit.",
    )
