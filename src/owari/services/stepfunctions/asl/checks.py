"""Checks of single values in a definition. Each yields (message, place within the value)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from owari.services.stepfunctions.asl import query
from owari.services.stepfunctions.asl.choice import is_timestamp
from owari.services.stepfunctions.asl.compiler import reference
from owari.services.stepfunctions.asl.intrinsic_parser import is_intrinsic, parse_intrinsic
from owari.services.stepfunctions.asl.jsonpath import InvalidPath, compile_path
from owari.services.stepfunctions.jsonata.errors import JsonataError

Problem = tuple[str, str]
Check = Callable[[Any], Iterator[Problem]]

JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "String": str,
    "Boolean": bool,
    "Integer": int,
    "Number": (int, float),
    "Object": dict,
    "Array": list,
}


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "Boolean"
    return isinstance(value, JSON_TYPES[name])


def of_type(name: str, value: Any) -> Iterator[Problem]:
    if not _is(value, name):
        yield f"Expected value of type {name}", ""


string = partial(of_type, "String")
boolean = partial(of_type, "Boolean")
mapping = partial(of_type, "Object")


def number_from(least: float, most: float, whole: bool, value: Any) -> Iterator[Problem]:
    name = "Integer" if whole else "Number"
    if not _is(value, name):
        yield f"Expected value of type {name}", ""
    elif value < least:
        yield f"Value must be greater than or equal to {least:g}", ""
    elif value > most:
        yield f"Value must be less than or equal to {most:g}", ""


LONGEST_S = 99_999_999
seconds = partial(number_from, 1, LONGEST_S, True)
delay = partial(number_from, 0, LONGEST_S, True)
count = partial(number_from, 0, 2**31 - 1, True)
percentage = partial(number_from, 0, 100, False)


def one_of(names: tuple[str, ...], value: Any) -> Iterator[Problem]:
    if value not in names:
        yield f"Value must be one of: [{', '.join(names)}]", ""


def path(value: Any) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield "Expected value of type String", ""
        return
    try:
        compile_path(value)
    except InvalidPath:
        yield "Value is not a valid JSONPath", ""


def path_or_null(value: Any) -> Iterator[Problem]:
    if value is not None:
        yield from path(value)


def path_or_intrinsic(value: Any) -> Iterator[Problem]:
    if isinstance(value, str) and is_intrinsic(value):
        try:
            parse_intrinsic(value)
        except InvalidPath:
            yield "Value is not a valid intrinsic function call", ""
    else:
        yield from path(value)


def reference_or_null(value: Any) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, str):
        yield "Expected value of type String", ""
        return
    try:
        reference(value)
    except InvalidPath:
        yield "Value is not a valid Reference Path", ""


def template(value: Any) -> Iterator[Problem]:
    """A payload template: each `.$` member holds a path or an intrinsic function."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from ((message, f"[{at}]{place}") for message, place in template(item))
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.endswith(".$"):
                yield from ((m, f"/{key}{place}") for m, place in template(item))
            elif not isinstance(item, str) or any(path_or_intrinsic(item)):
                yield (
                    f"The value for the field '{key}' must be a valid JSONPath or a valid"
                    " intrinsic function call",
                    "",
                )


def jsonata(value: Any) -> Iterator[Problem]:
    """Any value; the JSONata within must parse."""
    match value:
        case dict():
            for key, item in value.items():
                yield from ((m, f"/{key}{place}") for m, place in jsonata(item))
        case list():
            for at, item in enumerate(value):
                yield from ((m, f"[{at}]{place}") for m, place in jsonata(item))
        case str() if query.is_jsonata(value):
            try:
                query.compile_source(query.source_of(value))
            except JsonataError as error:
                yield f"Invalid JSONata expression: {error.message}", ""


def assignment(jsonata_too: bool, value: Any) -> Iterator[Problem]:
    """Assign: an object, whose members' names are the variables'."""
    if not isinstance(value, dict):
        yield "Expected value of type Object", ""
    else:
        yield from jsonata(value) if jsonata_too else template(value)


def jsonata_or(check: Check, value: Any) -> Iterator[Problem]:
    """An expression, or a value of the field's own type."""
    yield from jsonata(value) if query.is_jsonata(value) else check(value)


def condition(value: Any) -> Iterator[Problem]:
    if isinstance(value, bool) or query.is_jsonata(value):
        yield from jsonata(value)
    else:
        yield "Expected value of type Boolean or a JSONata expression", ""


def timestamp(value: Any) -> Iterator[Problem]:
    if not is_timestamp(value):
        yield "String does not match RFC3339 timestamp", ""
