"""Reads `States.Format('Hello {}', $.name)` into a call to evaluate.

AWS: "Intrinsic functions for JSONPath states in Step Functions".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions.asl.fault import StateError, runtime
from owari.services.stepfunctions.asl.intrinsics import FUNCTIONS, IntrinsicError
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.jsonpath import PathError
from owari.services.stepfunctions.asl.jsonpath_parse import parse_at
from owari.services.stepfunctions.asl.jsonpath_scan import InvalidPath, Scanner
from owari.services.stepfunctions.asl.scope import Chance, Evaluator, Scope, path_evaluator

_NAME = re.compile(r"States\.([A-Za-z0-9]+)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_WORD = re.compile(r"true|false|null")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
NESTED_MAX = 10


class MissingArgument(Exception):
    """A path given to a function leads nowhere; the message names it."""


@dataclass(frozen=True, slots=True)
class Call:
    function: Callable[[list[Any], Chance], Any]
    arguments: tuple[Evaluator, ...]

    def __call__(self, scope: Scope) -> Any:
        values = [argument(scope) for argument in self.arguments]
        return self.function(values, scope.around.chance)


@dataclass(frozen=True, slots=True)
class Expression:
    """`text` is the whole expression as written: an error names it, not the call within."""

    text: str
    call: Evaluator

    def __call__(self, scope: Scope) -> Any:
        try:
            return self.call(scope)
        except MissingArgument as error:
            raise runtime(f"The function '{self.text}' had the following error: {error}") from error
        except (IntrinsicError, ValueError, ArithmeticError) as error:  # no text, no number
            raise StateError(
                "States.IntrinsicFailure",
                f"The function '{self.text}' had the following error: {error}",
                located=True,
            ) from error


def _path_argument(text: str) -> Evaluator:
    find = path_evaluator(text)

    def value(scope: Scope) -> Any:
        try:
            return find(scope)
        except PathError as error:
            raise MissingArgument(
                f"The JsonPath argument for the field '{text}' could not be found in the input"
                f" '{dumps(scope.data)}'"
            ) from error

    return value


def is_intrinsic(text: str) -> bool:
    return text.startswith("States.")


def parse_intrinsic(text: str) -> Evaluator:
    """InvalidPath when it is not a call of a function there is."""
    scan = Scanner(text.strip())
    call = _call(scan, 1)
    scan.blanks()
    if not scan.done():
        raise InvalidPath(text)
    return Expression(text, call)


def _call(scan: Scanner, depth: int) -> Evaluator:
    found = scan.match_groups(_NAME)
    function = FUNCTIONS.get(found[0] or "") if found else None
    if function is None or depth > NESTED_MAX:
        raise InvalidPath(scan.text)
    scan.blanks()
    scan.expect("(")
    arguments: list[Evaluator] = []
    while not scan.accept_after_blanks(")"):
        if arguments and not scan.accept_after_blanks(","):
            raise InvalidPath(scan.text)
        arguments.append(_argument(scan, depth, keep_braces=_is_format(found) and not arguments))
    if not function.accepts(len(arguments)):
        raise InvalidPath(scan.text)
    return Call(function.apply, tuple(arguments))


def _is_format(found: tuple[str | None, ...] | None) -> bool:
    return found is not None and found[0] == "Format"


def _argument(scan: Scanner, depth: int, *, keep_braces: bool) -> Evaluator:
    scan.blanks()
    char = scan.peek()
    if char == "$":
        start = scan.at
        parse_at(scan)
        return _path_argument(scan.text[start : scan.at])
    if char == "S":
        return _call(scan, depth + 1)
    value: Any
    if char == "'":
        value = _string(scan, keep_braces=keep_braces)
    elif (number := scan.match(_NUMBER)) is not None:
        value = float(number) if set(number) & set(".eE") else int(number)
    else:
        value = _WORDS[scan.need(_WORD)]
    return lambda scope: value


def _string(scan: Scanner, *, keep_braces: bool) -> str:
    """A literal in single quotes. In a format, `\\{` stays escaped for the function to see."""
    scan.expect("'")
    found: list[str] = []
    while not scan.done():
        char = scan.text[scan.at]
        scan.at += 1
        if char == "'":
            return "".join(found)
        if char == "\\":
            after = scan.peek()
            if after in ("{", "}", "\\") and keep_braces:
                char += after
                scan.at += 1
            elif after in ("'", "{", "}", "\\"):
                char = after
                scan.at += 1
        found.append(char)
    raise InvalidPath(scan.text)
