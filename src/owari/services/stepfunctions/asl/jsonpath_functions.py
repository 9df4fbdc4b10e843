"""The functions a path may end in: `$.list.length()`."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from owari.services.stepfunctions.asl.jsonpath_steps import PathError


def _numbers(value: Any) -> list[float]:
    found = [x for x in value if isinstance(x, int | float) and not isinstance(x, bool)]
    if not found:
        raise PathError("Aggregation function attempted to calculate value using empty array")
    return found


def _length(value: Any) -> Any:
    return len(value) if isinstance(value, list | dict | str) else None


def _keys(value: Any) -> Any:
    return list(value) if isinstance(value, dict) else None


def _item(index: int) -> Callable[[Any], Any]:
    def pick(value: Any) -> Any:
        if not isinstance(value, list) or not value:
            raise PathError("Aggregation function attempted to calculate value using empty array")
        return value[index]

    return pick


def _over_numbers(function: Callable[[list[float]], float]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        return float(function(_numbers(value if isinstance(value, list) else [])))

    return apply


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "length": _length,
    "size": _length,
    "keys": _keys,
    "min": _over_numbers(min),
    "max": _over_numbers(max),
    "sum": _over_numbers(sum),
    "avg": _over_numbers(statistics.fmean),
    "stddev": _over_numbers(statistics.pstdev),
    "first": _item(0),
    "last": _item(-1),
}
