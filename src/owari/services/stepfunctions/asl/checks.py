"""Checks of single values in a definition, in AWS's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from owari.services.stepfunctions.asl.choice import is_timestamp
from owari.services.stepfunctions.asl.compiler import reference
from owari.services.stepfunctions.asl.diagnostics import Problem
from owari.services.stepfunctions.asl.intrinsic_parser import is_intrinsic, parse_intrinsic
from owari.services.stepfunctions.asl.jsonata_checks import expression_problems
from owari.services.stepfunctions.asl.jsonpath import InvalidPath, compile_path
from owari.services.stepfunctions.asl.query import is_jsonata

Check = Callable[[Any], Iterator[Problem]]

JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "[STRING]": str,
    "[BOOLEAN]": bool,
    "Integer": int,
    "[NUMBER]": (int, float),
    "[OBJECT]": dict,
    "[ARRAY]": list,
}


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "[BOOLEAN]"
    return isinstance(value, JSON_TYPES[name])


def of_type(name: str, value: Any) -> Iterator[Problem]:
    if not _is(value, name):
        yield Problem(f"Expected value of type {name}")


string = partial(of_type, "[STRING]")
boolean = partial(of_type, "[BOOLEAN]")
mapping = partial(of_type, "[OBJECT]")
number = partial(of_type, "[NUMBER]")


def filled_array(value: Any) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem("Expected value of type [ARRAY]")
    elif not value:
        yield Problem("Value cannot be empty")


def number_from(least: float, most: float, whole: bool, value: Any) -> Iterator[Problem]:
    name = "Integer" if whole else "[NUMBER]"
    if not _is(value, name):
        yield Problem(f"Expected value of type {name}")
    elif value < least:
        yield Problem(f"Minimum value is {least}")
    elif value > most:
        yield Problem(f"Maximum value is {most}")


LONGEST_S = 99_999_999
seconds = partial(number_from, 1, LONGEST_S, True)
delay = partial(number_from, 0, LONGEST_S, True)
count = partial(number_from, 0, 2**31 - 1, True)
percentage = partial(number_from, 0, 100, False)


def one_of(names: tuple[str, ...], value: Any) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem("Expected value of type [STRING]")
    elif value not in names:
        yield Problem(f"Value should be one of the following: [{', '.join(names)}]")


def path(value: Any) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem("Expected value of type [STRING]")
        return
    try:
        compile_path(value)
    except InvalidPath:
        yield Problem("Value must be a valid JSONPath.")


def path_or_null(value: Any) -> Iterator[Problem]:
    if value is not None:
        yield from path(value)


def path_or_intrinsic(value: Any) -> Iterator[Problem]:
    if isinstance(value, str) and is_intrinsic(value):
        try:
            parse_intrinsic(value)
        except InvalidPath:
            yield Problem("Value must be a valid intrinsic function call.")
    else:
        yield from path(value)


def variable(value: Any) -> Iterator[Problem]:
    """A Choice rule's Variable and what it compares with."""
    if isinstance(value, str) and not value.startswith("$"):
        yield Problem("Value is not a Reference Path: Reference path didn't start with '$'")
    else:
        yield from path(value)


def reference_or_null(value: Any) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, str):
        yield Problem("Expected value of type [STRING]")
        return
    if not value.startswith("$"):
        yield Problem("Value must be a valid JSONPath.")
        return
    try:
        reference(value)
    except InvalidPath:
        yield Problem("Value is not a Reference Path")


def within(problems: Iterator[Problem], place: str) -> Iterator[Problem]:
    """The same problems, seen from outside."""
    for problem in problems:
        yield problem._replace(place=place + problem.place)


def template(value: Any) -> Iterator[Problem]:
    """A payload template: each `.$` member holds a path or an intrinsic function."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from within(template(item), f"[{at}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.endswith(".$"):
                yield from within(template(item), f"/{key}")
            elif not isinstance(item, str) or any(path_or_intrinsic(item)):
                yield Problem(
                    f"The value for the field '{key}' must be a valid JSONPath or a valid"
                    " intrinsic function call"
                )


def jsonata(value: Any) -> Iterator[Problem]:
    """Any value; the JSONata within must parse and refer to what there is."""
    match value:
        case dict():
            for key, item in value.items():
                yield from within(jsonata(item), f"/{key}")
        case list():
            for at, item in enumerate(value):
                yield from within(jsonata(item), f"[{at}]")
        case str() if is_jsonata(value):
            yield from expression_problems(value)


_VARIABLE_NAME = re.compile(r"[^\W\d]\w*")


def assignment(jsonata_too: bool, value: Any) -> Iterator[Problem]:
    """Assign: an object, whose members' names are the variables'."""
    if not isinstance(value, dict):
        yield Problem("Expected value of type [OBJECT]")
        return
    yield from jsonata(value) if jsonata_too else template(value)
    for key in value:
        name = key if jsonata_too else key.removesuffix(".$")
        if name == "states":
            yield Problem(
                "Cannot assign to reserved variable '$states'.", f"/{key}", "RESERVED_VARIABLE_NAME"
            )
        elif not _VARIABLE_NAME.fullmatch(name):
            yield Problem(
                f"Invalid variable name '{name}': the variable name contains invalid characters.",
                f"/{key}",
                "INVALID_VARIABLE_NAME",
            )


def credentials(jsonata_too: bool, value: Any) -> Iterator[Problem]:
    if isinstance(value, dict) and not {"RoleArn", "RoleArn.$"} & value.keys():
        yield Problem("The field 'RoleArn' is required but was missing")
    yield from jsonata(value) if jsonata_too else template(value)


def jsonata_or(check: Check, value: Any) -> Iterator[Problem]:
    """An expression, or a value of the field's own type."""
    yield from jsonata(value) if is_jsonata(value) else check(value)


def condition(value: Any) -> Iterator[Problem]:
    yield from jsonata(value) if is_jsonata(value) else boolean(value)


def timestamp(value: Any) -> Iterator[Problem]:
    if not is_timestamp(value):
        yield Problem("String does not match RFC3339 timestamp")
