"""Whether a mocked result could be the answer of the API it stands for (TestState's
`fieldValidationMode`). The shapes are the service model's; the shell looks them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from owari.services.stepfunctions.asl.inspection_request import invalid

STRICT, PRESENT, NONE = "STRICT", "PRESENT", "NONE"
NUMBERS = {"integer", "long", "float", "double"}
STRINGS = {"string", "timestamp", "blob", "character"}


class Shape(Protocol):
    """A shape of a service model (botocore's are such)."""

    @property
    def type_name(self) -> str: ...


def pascal(name: str) -> str:
    """Step Functions begins every member of an answer with a capital."""
    return name[:1].upper() + name[1:]


def check_result(shape: Shape, result: Any, mode: str = STRICT) -> None:
    """Members the model does not know are allowed. ValidationException."""
    if mode != NONE:
        _check(shape, result, "", mode)


def _refuse(message: str) -> Exception:
    return invalid(f"Mock result schema validation error: {message}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check(shape: Any, value: Any, name: str, mode: str) -> None:
    kind = shape.type_name
    if kind == "structure":
        _check_members(shape, value, name, mode)
    elif kind == "list":
        if not isinstance(value, list):
            raise _refuse(f"Field '{name}' must be an array")
        for item in value:
            _check(shape.member, item, name, mode)
    elif kind == "map":
        if not isinstance(value, dict):
            raise _refuse(f"Field '{name}' must be an object")
        for item in value.values():
            _check(shape.value, item, name, mode)
    elif kind in NUMBERS and not _is_number(value):
        raise _refuse(f"Field '{name}' must be a number")
    elif kind == "boolean" and not isinstance(value, bool):
        raise _refuse(f"Field '{name}' must be a boolean")
    elif kind in STRINGS:
        _check_string(shape, value, name)


def _check_string(shape: Any, value: Any, name: str) -> None:
    if getattr(shape, "is_streaming", False) or (name == "Payload" and shape.type_name == "blob"):
        return  # Step Functions gives a function's payload, or a body, as the JSON it is
    if not isinstance(value, str):
        raise _refuse(f"Field '{name}' must be a string")
    allowed: Sequence[str] = getattr(shape, "enum", ())
    if allowed and value not in allowed:
        raise _refuse(f"Field '{name}' is not an expected value")


def _check_members(shape: Any, value: Any, name: str, mode: str) -> None:
    if not isinstance(value, dict):
        raise _refuse(f"Field '{name}' must be an object")
    members: Mapping[str, Any] = {pascal(key): member for key, member in shape.members.items()}
    if mode == STRICT:
        for key in getattr(shape, "required_members", ()):
            if pascal(key) not in value:
                raise _refuse(f"Field '{pascal(key)}' is required")
    for key, item in value.items():
        if key in members and item is not None:
            _check(members[key], item, key, mode)
