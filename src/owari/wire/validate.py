"""Parameters against the model, as AWS's own front ends check them before a service sees them.

They collect every violation and answer one error; its code is the service's habit. S3 has no
such front end: what it checks is in s3_quirks and in the service itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from owari.errors import ServiceError
from owari.wire.model import Operation, Shape
from owari.wire.protocols.compile import Compiler

Problems = list[str]
Check = Callable[[Any, str, Problems], None]

# Whose code is not `ValidationException` (JSON, REST) or `ValidationError` (query).
_CODES = {
    "batch": "ClientException",
    "cloudwatch": "InvalidParameterValue",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "sqs": "InvalidParameterValue",
}
_MISSING_CODES = {"cloudwatch": "MissingParameter", "sqs": "MissingParameter"}
# Enumerations newer than any installed model, or that the service words itself.
_OPEN_ENUMS = {
    ("batch", "RetryAction"),
    ("lambda", "Runtime"),
    ("lambda", "Architecture"),
    ("sqs", "MessageSystemAttributeName"),
    ("sqs", "MessageSystemAttributeNameForSends"),
    ("sqs", "QueueAttributeName"),
}
# Maps that may be empty although the model asks for one entry: clients that have no tags say `{}`.
_MAY_BE_EMPTY = {("batch", "TagrisTagsMap")}
_PATTERN_INPUT_MAX = 4096


@lru_cache(maxsize=2048)
def _pattern(text: str) -> re.Pattern[str] | None:
    """A model's (Java's) pattern; None when Python has no such thing: not checked then.

    Character classes by Unicode property become wider Python ones.
    """
    wider = text.replace(r"\p{L}\p{Z}\p{N}", r"\w\s").replace(r"\p{L}", r"\w")
    wider = wider.replace(r"\p{N}", r"\d").replace(r"\p{Z}", r"\s").replace(r"\p{M}", "")
    if r"\p{" in wider or r"\P{" in wider:
        return None
    try:
        return re.compile(wider, re.DOTALL)
    except (re.error, RecursionError):
        return None


def _shown(value: Any, shape: Shape) -> str:
    if shape.traits.get("sensitive"):
        return "Value"
    text = str(value)
    return f"Value '{text[:256]}'"


def _camel(name: str) -> str:
    """Paths are spelled as Java beans are."""
    return name[:1].lower() + name[1:]


def _problem(shown: str, path: str, must: str) -> str:
    return f"{shown} at '{path}' failed to satisfy constraint: Member must {must}"


def _bounds(shape: Shape) -> tuple[float | None, float | None]:
    return shape.traits.get("min"), shape.traits.get("max")


class Validator(Compiler):
    """Functions `(value, path, problems)`. `nothing` where a shape asks nothing."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def on_structure(self, shape: Shape) -> Check:
        required = [(name, _camel(name)) for name in shape.required]
        compiled = [(name, self(member)) for name, member in shape.members.items()]
        checks = {name: (_camel(name), one) for name, one in compiled if one is not nothing}
        if not required and not checks:
            return nothing

        def check(value: Any, path: str, problems: Problems) -> None:
            prefix = path + "." if path else ""
            for name, spelled in required:
                if name not in value:
                    problems.append(_problem("Value null", prefix + spelled, "not be null"))
            for name, item in value.items():
                found = checks.get(name)
                if found is not None:
                    found[1](item, prefix + found[0], problems)

        return check

    def on_list(self, shape: Shape) -> Check:
        member = self(shape.member)
        length = _length_check(shape)
        if member is nothing and length is None:
            return nothing

        def check(value: Any, path: str, problems: Problems) -> None:
            if length is not None:
                length(value, path, problems)
            if member is not nothing:
                for number, item in enumerate(value, 1):
                    member(item, f"{path}.{number}.member", problems)

        return check

    def on_map(self, shape: Shape) -> Check:
        key, item_check = self(shape.key), self(shape.value)
        length = _length_check(shape)
        may_be_empty = (self._service, shape.name) in _MAY_BE_EMPTY
        if key is nothing and item_check is nothing and length is None:
            return nothing

        def check(value: Any, path: str, problems: Problems) -> None:
            if length is not None and not (may_be_empty and not value):
                length(value, path, problems)
            for name, item in value.items():
                key(name, f"{path}.key", problems)
                item_check(item, f"{path}.{name}.member", problems)

        return check

    def on_string(self, shape: Shape) -> Check:
        checks: list[Check] = []
        if (length := _length_check(shape)) is not None:
            checks.append(length)
        if "enum" in shape.traits and (self._service, shape.name) not in _OPEN_ENUMS:
            checks.append(_enum_check(shape))
        if "pattern" in shape.traits:
            pattern = _pattern(shape.traits["pattern"])
            if pattern is not None:
                checks.append(_pattern_check(shape, pattern))
        return _all(checks)

    def on_integer(self, shape: Shape) -> Check:
        low, high = _bounds(shape)
        if low is None and high is None:
            return nothing

        def check(value: Any, path: str, problems: Problems) -> None:
            if high is not None and value > high:
                must = f"have value less than or equal to {high}"
                problems.append(_problem(_shown(value, shape), path, must))
            if low is not None and value < low:
                must = f"have value greater than or equal to {low}"
                problems.append(_problem(_shown(value, shape), path, must))

        return check

    on_long = on_float = on_double = on_integer

    def on_blob(self, shape: Shape) -> Check:
        if shape.streaming:
            return nothing
        return _length_check(shape) or nothing

    def on_boolean(self, _shape: Shape) -> Check:
        return nothing

    on_timestamp = on_boolean


def nothing(_value: Any, _path: str, _problems: Problems) -> None:
    """Nothing to check."""


def _all(checks: list[Check]) -> Check:
    if not checks:
        return nothing
    if len(checks) == 1:
        return checks[0]

    def check(value: Any, path: str, problems: Problems) -> None:
        for one in checks:
            one(value, path, problems)

    return check


def _length_check(shape: Shape) -> Check | None:
    low, high = _bounds(shape)
    if low is None and high is None:
        return None

    def check(value: Any, path: str, problems: Problems) -> None:
        size = len(value)
        if high is not None and size > high:
            must = f"have length less than or equal to {high}"
        elif low is not None and size < low:
            must = f"have length greater than or equal to {low}"
        else:
            return
        problems.append(_problem(_shown(value, shape), path, must))

    return check


def _enum_check(shape: Shape) -> Check:
    allowed = frozenset(shape.traits["enum"])
    must = f"satisfy enum value set: [{', '.join(shape.traits['enum'])}]"

    def check(value: Any, path: str, problems: Problems) -> None:
        if value not in allowed:
            problems.append(_problem(_shown(value, shape), path, must))

    return check


def _pattern_check(shape: Shape, pattern: re.Pattern[str]) -> Check:
    must = f"satisfy regular expression pattern: {shape.traits['pattern']}"
    longest = shape.traits.get("max") or _PATTERN_INPUT_MAX

    def check(value: Any, path: str, problems: Problems) -> None:
        if len(value) <= min(longest, _PATTERN_INPUT_MAX) and not pattern.fullmatch(value):
            problems.append(_problem(_shown(value, shape), path, must))

    return check


def _error(service: str, protocol: str, problems: Problems) -> ServiceError:
    query = protocol == "query" and service not in ("sqs", "cloudwatch")
    code = "ValidationError" if query else _CODES.get(service, "ValidationException")
    if all(problem.startswith("Value null") for problem in problems):
        code = _MISSING_CODES.get(service, code)
    if code == "MissingParameter":
        return ServiceError(code, _missing(problems[0]), status=400)
    many = "s" if len(problems) > 1 else ""
    message = f"{len(problems)} validation error{many} detected: {'; '.join(problems)}"
    return ServiceError(code, message, status=400)


def _missing(problem: str) -> str:
    """Services of the query protocol name the first parameter that is missing, as it is sent."""
    name = problem.split("'")[1].rpartition(".")[2]
    return f"The request must contain the parameter {name[:1].upper()}{name[1:]}."


def validate(operation: Operation, protocol: str, params: dict[str, Any]) -> None:
    """Raises ServiceError when `params` break a constraint of the model."""
    check: Check | None = operation.compiled.get("validate")
    if check is None:
        shape = operation.input
        model = operation.service
        validator = model.cache.setdefault("validator", Validator(model.service))
        check = operation.compiled["validate"] = nothing if shape is None else validator(shape)
    problems: Problems = []
    check(params, "", problems)
    if problems:
        raise _error(operation.service.service, protocol, problems)
