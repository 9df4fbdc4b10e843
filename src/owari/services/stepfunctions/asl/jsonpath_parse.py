"""Reads a JSONPath expression into steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from owari.services.stepfunctions.asl.jsonpath_filter import parse_filter
from owari.services.stepfunctions.asl.jsonpath_functions import FUNCTIONS
from owari.services.stepfunctions.asl.jsonpath_scan import InvalidPath, Scanner
from owari.services.stepfunctions.asl.jsonpath_steps import (
    Descend,
    Filter,
    Index,
    Indexes,
    Name,
    Names,
    Slice,
    Step,
    Wildcard,
)

Function = Callable[[Any], Any]
Parsed = tuple[str, tuple[Step, ...], tuple[Function, ...]]

_VARIABLE = re.compile(r"[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*")
_INTEGER = re.compile(r"-?\d+")
_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(-?\d+)?)?")
# A name in dot notation ends where another step, a function call or a blank begins.
_DOT_NAME = re.compile(r"[^.\[\]()\s,'\"]+")


def parse(text: str) -> Parsed:
    """(root, steps, trailing functions); InvalidPath when it is not a path."""
    scan = Scanner(text)
    parsed = parse_at(scan)
    if not scan.done():
        raise InvalidPath(text)
    return parsed


def parse_at(scan: Scanner) -> Parsed:
    """A path from here on, as far as it goes (a filter holds paths within it)."""
    root = _root(scan)
    steps: list[Step] = []
    functions: list[Function] = []
    while True:
        if scan.accept(".."):
            steps.append(Descend())
            _after_descent(scan, steps)
        elif scan.peek() == "." and not functions:
            scan.accept(".")
            _dotted(scan, steps, functions)
        elif scan.peek() == "[":
            steps.append(_bracket(scan))
        else:
            return root, tuple(steps), tuple(functions)


def _root(scan: Scanner) -> str:
    if scan.accept("@"):
        return "@"
    scan.expect("$")
    if scan.accept("$"):
        return "$$"
    return scan.match(_VARIABLE) or "$"


def _after_descent(scan: Scanner, steps: list[Step]) -> None:
    if scan.peek() == "[":
        return
    if scan.accept("*"):
        steps.append(Wildcard())
    else:
        steps.append(Name(scan.need(_DOT_NAME)))


def _dotted(scan: Scanner, steps: list[Step], functions: list[Function]) -> None:
    if scan.peek() == "[":
        return
    if scan.accept("*"):
        steps.append(Wildcard())
        return
    name = scan.need(_DOT_NAME)
    if not scan.accept("("):
        steps.append(Name(name))
        return
    scan.expect(")")
    function = FUNCTIONS.get(name)
    if function is None:
        raise InvalidPath(scan.text)
    functions.append(function)


def _bracket(scan: Scanner) -> Step:
    scan.expect("[")
    scan.blanks()
    step = _inside(scan)
    scan.blanks()
    scan.expect("]")
    return step


def _inside(scan: Scanner) -> Step:
    if scan.accept("*"):
        return Wildcard()
    if scan.accept("?"):
        scan.blanks()
        scan.expect("(")
        test = parse_filter(scan, parse_at)
        scan.expect(")")
        return Filter(test)
    if scan.peek() in ("'", '"'):
        names = [scan.quoted()]
        while scan.accept_after_blanks(","):
            scan.blanks()
            names.append(scan.quoted())
        return Name(names[0]) if len(names) == 1 else Names(tuple(names))
    return _numbers(scan)


def _numbers(scan: Scanner) -> Step:
    found = scan.match_groups(_SLICE)
    if found is not None:
        start, stop, stride = (int(x) if x is not None else None for x in found)
        if stride == 0:
            raise InvalidPath(scan.text)
        return Slice(start, stop, stride)
    indexes = [int(scan.need(_INTEGER))]
    while scan.accept_after_blanks(","):
        scan.blanks()
        indexes.append(int(scan.need(_INTEGER)))
    return Index(indexes[0]) if len(indexes) == 1 else Indexes(tuple(indexes))
