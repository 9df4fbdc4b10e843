"""Choice rules in JSONPath: comparisons, And, Or, Not. AWS: "Choice workflow state"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from owari.services.stepfunctions.asl.fault import runtime
from owari.services.stepfunctions.asl.jsonpath import PathError
from owari.services.stepfunctions.asl.scope import Scope, path_evaluator

Rule = Callable[[Scope], bool]
Compare = Callable[[Any, Any], bool]

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


@lru_cache(maxsize=1024)
def parse_timestamp(text: str) -> tuple[float, int] | None:
    """(epoch seconds, nanoseconds) of an ISO-8601 offset date-time, else None."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    day, clock, fraction, offset = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if offset == 'Z' else offset}")
    except ValueError:
        return None
    return moment.timestamp(), int((fraction or "").ljust(9, "0"))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_timestamp(value: Any) -> bool:
    return isinstance(value, str) and parse_timestamp(value) is not None


def is_string(value: Any) -> bool:
    return isinstance(value, str)


def is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _typed(check: Callable[[Any], bool], compare: Compare) -> Compare:
    return lambda left, right: check(left) and check(right) and compare(left, right)


def _times(compare: Compare) -> Compare:
    return lambda left, right: compare(parse_timestamp(left), parse_timestamp(right))


_ORDERS: dict[str, Compare] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def _comparisons() -> dict[str, Compare]:
    found: dict[str, Compare] = {"BooleanEquals": _typed(is_boolean, operator.eq)}
    for name, order in _ORDERS.items():
        found[f"String{name}"] = _typed(is_string, order)
        found[f"Numeric{name}"] = _typed(is_number, order)
        found[f"Timestamp{name}"] = _typed(is_timestamp, _times(order))
    return found


COMPARISONS = _comparisons()
TESTS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": is_string,
    "IsNumeric": is_number,
    "IsBoolean": is_boolean,
    "IsTimestamp": is_timestamp,
}
OPERATORS = {*COMPARISONS, *(f"{c}Path" for c in COMPARISONS), *TESTS, "IsPresent", "StringMatches"}


def wildcard(pattern: str) -> list[str]:
    """The literal parts between the `*` of a pattern; a backslash protects one, and itself."""
    parts, at = [""], 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and pattern[at + 1 : at + 2] in ("*", "\\"):
            at += 1
            parts[-1] += pattern[at]
        elif char == "*":
            parts.append("")
        else:
            parts[-1] += char
        at += 1
    return parts


def matches_wildcard(parts: list[str], text: Any) -> bool:
    """In one pass: each part is looked for after the one before it."""
    if not isinstance(text, str):
        return False
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if len(text) < len(first) + len(last) or not text.startswith(first):
        return False
    if not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def compile_rule(rule: dict[str, Any]) -> Rule:
    """A rule or a condition within one; its shape has been validated."""
    if "Not" in rule:
        inner = compile_rule(rule["Not"])
        return lambda scope: not inner(scope)
    if "And" in rule:
        parts = [compile_rule(part) for part in rule["And"]]
        return lambda scope: all(part(scope) for part in parts)
    if "Or" in rule:
        parts = [compile_rule(part) for part in rule["Or"]]
        return lambda scope: any(part(scope) for part in parts)
    name = next(key for key in rule if key in OPERATORS)
    return _condition(name, rule["Variable"], rule[name])


def _condition(name: str, variable: str, wanted: Any) -> Rule:
    if name == "IsPresent":
        return _presence(variable, wanted)
    value = _value(variable)
    if name in TESTS:
        test = TESTS[name]
        return lambda scope: test(value(scope)) == wanted
    if name == "StringMatches":
        parts = wildcard(wanted)
        return lambda scope: matches_wildcard(parts, value(scope))
    if name.endswith("Path"):
        compare, other = COMPARISONS[name.removesuffix("Path")], _value(wanted)
        return lambda scope: compare(value(scope), other(scope))
    compare = COMPARISONS[name]
    return lambda scope: compare(value(scope), wanted)


def _value(text: str) -> Callable[[Scope], Any]:
    find = path_evaluator(text)

    def value(scope: Scope) -> Any:
        try:
            return find(scope)
        except PathError as error:
            raise runtime(
                f"Invalid path '{text}': The choice state's condition path references an"
                " invalid value."
            ) from error

    return value


def _presence(text: str, wanted: bool) -> Rule:
    find = path_evaluator(text)

    def present(scope: Scope) -> bool:
        try:
            find(scope)
        except PathError:
            return not wanted
        return wanted

    return present
