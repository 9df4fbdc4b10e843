"""What TestState is asked, and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from owari.errors import ServiceError
from owari.services.stepfunctions.asl.definition import DistributedMap, Map, Parallel, State, Task
from owari.services.stepfunctions.asl.json_text import loads

Json = dict[str, Any]
UNMOCKABLE = ("Pass", "Succeed", "Fail", "Choice", "Wait")


@dataclass(frozen=True, slots=True)
class Mock:
    """Either a result (JSON text) or an error."""

    result: str | None = None
    error: str | None = None
    cause: str | None = None

    @property
    def fails(self) -> bool:
        return self.result is None


@dataclass(frozen=True, slots=True)
class Request:
    """What TestState was asked. `configuration` is its `stateConfiguration`."""

    state_name: str | None
    input: str
    role_arn: str | None = None
    reveal_secrets: bool = False
    variables: Json = field(default_factory=dict)
    context: Json | None = None
    mock: Mock | None = None
    configuration: Json = field(default_factory=dict)


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def parse_mock(source: Json) -> Mock:
    """The `mock` of a request. ValidationException."""
    if "result" in source and "errorOutput" in source:
        raise invalid(
            "A test mock should have only one of the following fields: [result, errorOutput]."
        )
    error = source.get("errorOutput", {})
    return Mock(source.get("result"), error.get("error"), error.get("cause"))


def check_request(state: State, request: Request) -> None:
    """Whether this state can be tested so. ValidationException."""
    if request.mock is None:
        if isinstance(state, Task) and request.role_arn is None:
            raise invalid("RoleArn must be specified when testing a Task state")
        return
    if request.reveal_secrets:
        raise invalid("TestState does not support RevealSecrets when a mock is specified.")
    check_mock(state, request.mock)


def check_mock(state: State, mock: Mock) -> None:
    """A mock must fit the state's type. ValidationException."""
    if state.type in UNMOCKABLE:
        raise invalid(f"State type '{state.type}' is not supported when a mock is specified")
    if mock.result is None:
        return
    try:
        result = loads(mock.result)
    except ValueError:
        raise invalid("Mocked result must be a valid JSON string.") from None
    if isinstance(state, DistributedMap) and state.writer is not None:
        if not isinstance(result, dict):
            raise invalid("Mocked result must be a JSON object.")
    elif isinstance(state, Map | Parallel):
        if not isinstance(result, list):
            raise invalid("Mocked result must be an array.")
        if isinstance(state, Parallel) and len(result) != len(state.branches):
            raise invalid(
                "Mocked result must contain the same number of items as number of Parallel"
                " branches."
            )


CONTEXT_FIELDS: dict[str, tuple[str, ...]] = {
    "Execution": ("Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"),
    "State": ("EnteredTime", "Name", "RetryCount"),
    "StateMachine": ("Id", "Name"),
    "Task": ("Token",),
}
_NOT_STRINGS = {"Input", "RetryCount", "RedriveCount"}


def parse_context(text: str) -> Json:
    """A context object given to a test. ValidationException."""
    prefix = "Invalid Context object provided: "
    try:
        context = loads(text)
    except ValueError:
        raise invalid(f"{prefix}not a valid JSON object") from None
    if not isinstance(context, dict):
        raise invalid(f"{prefix}not a valid JSON object")
    for name, members in context.items():
        if name == "Map":
            raise invalid(f"{prefix}'Map' field is not supported when mocking a Context object")
        if name not in CONTEXT_FIELDS:
            raise invalid(f"{prefix}Field '{name}' is not allowed")
        if not isinstance(members, dict):
            raise invalid(f"{prefix}{name} must be an object")
        _check_members(name, members, prefix)
    return context


def _check_members(name: str, members: Json, prefix: str) -> None:
    for member, value in members.items():
        if member not in CONTEXT_FIELDS[name]:
            raise invalid(f"{prefix}Field '{member}' is not allowed")
        if member not in _NOT_STRINGS and not isinstance(value, str):
            raise invalid(f"{prefix}{name}.{member} must be a string")
