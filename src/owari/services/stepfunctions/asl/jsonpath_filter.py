"""Filter expressions: `?(@.status == 0 && @.year > 1990)`.

As on AWS, a number and a string that reads as one are equal, an
order between different types is never true, and a bare path tests for existence.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from owari.services.stepfunctions.asl.jsonpath_scan import InvalidPath, Scanner
from owari.services.stepfunctions.asl.jsonpath_steps import PathError, Step, select, walk_definite

Test = Callable[[Any, Any], bool]
Operand = Callable[[Any, Any], Any]
PathParser = Callable[[Scanner], tuple[str, tuple[Step, ...], tuple[Callable[[Any], Any], ...]]]

MISSING = object()
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_WORD = re.compile(r"[A-Za-z]+")
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/([a-z]*)")
# Longest first: `<=` before `<`.
_SIGNS = ("==", "!=", "<=", ">=", "=~", "<", ">")
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = ("in", "nin", "subsetof", "anyof", "noneof", "size", "empty", "contains")


def parse_filter(scan: Scanner, path: PathParser) -> Test:
    """A whole expression, up to its closing bracket (which is left)."""
    return _either(scan, path)


def _either(scan: Scanner, path: PathParser) -> Test:
    left = _both(scan, path)
    while scan.accept_after_blanks("||"):
        left = _or(left, _both(scan, path))
    return left


def _both(scan: Scanner, path: PathParser) -> Test:
    left = _one(scan, path)
    while scan.accept_after_blanks("&&"):
        left = _and(left, _one(scan, path))
    return left


def _or(left: Test, right: Test) -> Test:
    return lambda node, root: left(node, root) or right(node, root)


def _and(left: Test, right: Test) -> Test:
    return lambda node, root: left(node, root) and right(node, root)


def _one(scan: Scanner, path: PathParser) -> Test:
    scan.blanks()
    if scan.peek() == "!" and scan.text[scan.at : scan.at + 2] != "!=":
        scan.accept("!")
        inner = _one(scan, path)
        return lambda node, root: not inner(node, root)
    if scan.accept("("):
        inner = _either(scan, path)
        scan.blanks()
        scan.expect(")")
        return inner
    left = _operand(scan, path)
    sign = _sign(scan)
    if sign is None:
        return lambda node, root: left(node, root) is not MISSING
    scan.blanks()
    if sign == "=~":
        return _matches(left, scan)
    return _compare(sign, left, _operand(scan, path))


def _sign(scan: Scanner) -> str | None:
    scan.blanks()
    for sign in _SIGNS:
        if scan.accept(sign):
            return sign
    word = _WORD.match(scan.text, scan.at)
    if word and word.group().lower() in _WORDS:
        scan.at = word.end()
        return word.group().lower()
    return None


def _matches(left: Operand, scan: Scanner) -> Test:
    found = scan.match_groups(_REGEX)
    if found is None:
        raise InvalidPath(scan.text)
    flags = re.IGNORECASE if "i" in (found[1] or "") else 0
    try:
        pattern = re.compile(found[0] or "", flags)
    except re.error as error:
        raise InvalidPath(scan.text) from error

    def test(node: Any, root: Any) -> bool:
        value = left(node, root)
        return isinstance(value, str) and pattern.fullmatch(value) is not None

    return test


def _operand(scan: Scanner, path: PathParser) -> Operand:
    scan.blanks()
    char = scan.peek()
    if char in ("@", "$"):
        return _path_operand(scan, path)
    if char == "[":
        items = _list(scan, path)
        return lambda node, root: [item(node, root) for item in items]
    return _constant(_literal(scan))


def _constant(value: Any) -> Operand:
    return lambda node, root: value


def _literal(scan: Scanner) -> Any:
    if scan.peek() in ("'", '"'):
        return scan.quoted()
    number = scan.match(_NUMBER)
    if number is not None:
        return float(number) if set(number) & set(".eE") else int(number)
    word = scan.match(_WORD)
    words = {"true": True, "false": False, "null": None}
    if word not in words:
        raise InvalidPath(scan.text)
    return words[word]


def _list(scan: Scanner, path: PathParser) -> list[Operand]:
    scan.expect("[")
    items: list[Operand] = []
    while not scan.accept_after_blanks("]"):
        if items and not scan.accept_after_blanks(","):
            raise InvalidPath(scan.text)
        items.append(_operand(scan, path))
    return items


def _path_operand(scan: Scanner, path: PathParser) -> Operand:
    root_name, steps, functions = path(scan)
    definite = all(step.definite for step in steps)

    def value(node: Any, root: Any) -> Any:
        start = node if root_name == "@" else root
        try:
            found = walk_definite(start, steps) if definite else select(start, steps)
            for function in functions:
                found = function(found)
        except PathError:
            return MISSING
        return found

    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if _is_number(left) and isinstance(right, str):
        left, right = right, left
    if isinstance(left, str) and _is_number(right):
        try:
            return float(left) == float(right)
        except ValueError:
            return False
    return type(left) is not object and bool(left == right)


def _ordered(left: Any, right: Any) -> bool:
    return (_is_number(left) and _is_number(right)) or (
        isinstance(left, str) and isinstance(right, str)
    )


def _holds(sign: str, left: Any, right: Any) -> bool:
    match sign:
        case "==":
            return _equal(left, right)
        case "!=":
            return not _equal(left, right)
        case "<" | "<=" | ">" | ">=":
            return (
                _ordered(left, right)
                and {
                    "<": left < right,
                    "<=": left <= right,
                    ">": left > right,
                    ">=": left >= right,
                }[sign]
            )
        case _:
            return _among(sign, left, right)


def _among(sign: str, left: Any, right: Any) -> bool:
    if sign == "size":
        return isinstance(left, list | str) and len(left) == right
    if sign == "empty":
        return isinstance(left, list | str | dict) and (not left) == right
    if sign == "contains":
        return (
            isinstance(left, list | str)
            and (isinstance(left, list) or isinstance(right, str))
            and right in left
        )
    if not isinstance(right, list):
        return False
    if sign in ("in", "nin"):
        return any(_equal(left, item) for item in right) == (sign == "in")
    if not isinstance(left, list):
        return False
    hits = [any(_equal(one, item) for item in right) for one in left]
    return {"subsetof": all(hits), "anyof": any(hits), "noneof": not any(hits)}[sign]


def _compare(sign: str, left: Operand, right: Operand) -> Test:
    def test(node: Any, root: Any) -> bool:
        one, other = left(node, root), right(node, root)
        if one is MISSING or other is MISSING:
            return sign == "!=" and one is not other
        return _holds(sign, one, other)

    return test
