"""Array functions and those that take functions."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from owari.services.stepfunctions.jsonata.bounds import check_items
from owari.services.stepfunctions.jsonata.calling import call, callback
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.functions.library import LIBRARY
from owari.services.stepfunctions.jsonata.scope import Outside
from owari.services.stepfunctions.jsonata.values import (
    NOTHING,
    Function,
    Sequence,
    equal,
    is_number,
    number,
    sequence,
    truth,
    unwrap,
)

function = LIBRARY.function
RANGE_MAX = 1_000


@function("count", "<a:n>")
def count(items: Any) -> Any:
    return 0 if items is NOTHING else len(items)


@function("append", "<xx:a>")
def append(first: Any, second: Any) -> Any:
    if first is NOTHING or second is NOTHING:
        return second if first is NOTHING else first
    left = first if isinstance(first, list) else [first]
    right = second if isinstance(second, list) else [second]
    check_items(len(left) + len(right))
    return Sequence([*left, *right])


@function("reverse", "<a:a>")
def reverse(items: Any) -> Any:
    return NOTHING if items is NOTHING else items[::-1]


@function("shuffle", "<a:a>", outside=True)
def shuffle(outside: Outside, items: Any) -> Any:
    if items is NOTHING:
        return NOTHING
    shuffled = list(items)
    outside.random.shuffle(shuffled)
    return shuffled


@function("distinct", "<x:x>")
def distinct(items: Any) -> Any:
    if not isinstance(items, list) or len(items) <= 1:
        return items
    kept: list[Any] = []
    for item in items:
        if not any(equal(item, other) for other in kept):
            kept.append(item)
    return Sequence(kept) if isinstance(items, Sequence) else kept


@function("zip", "<a+>")
def zip_arrays(*arrays: Any) -> Any:
    lists = [[] if a is NOTHING else a if isinstance(a, list) else [a] for a in arrays]
    return [list(items) for items in zip(*lists, strict=False)]


@function("sort", "<af?:a>", outside=True)
def sort(outside: Outside, items: Any, swap: Any) -> Any:
    if items is NOTHING:
        return NOTHING
    if len(items) <= 1:
        return items
    if isinstance(swap, Function):

        def compare(left: Any, right: Any) -> int:
            if truth(call(swap, [left, right], NOTHING, outside)):
                return 1
            return -1 if truth(call(swap, [right, left], NOTHING, outside)) else 0

        return sorted(items, key=cmp_to_key(compare))
    if not (all(is_number(i) for i in items) or all(isinstance(i, str) for i in items)):
        message = "The single argument form of the sort function can only be applied to an array"
        raise JsonataError("D3070", f"{message} of strings or an array of numbers")
    return sorted(items)


@function("map", "<af>", outside=True)
def map_items(outside: Outside, items: Any, act: Any) -> Any:
    if items is NOTHING:
        return NOTHING
    return unwrap(sequence(callback(act, [v, i, items], outside) for i, v in enumerate(items)))


@function("filter", "<af>", outside=True)
def filter_items(outside: Outside, items: Any, act: Any) -> Any:
    if items is NOTHING:
        return NOTHING
    kept = (v for i, v in enumerate(items) if truth(callback(act, [v, i, items], outside)))
    return unwrap(sequence(kept))


@function("single", "<af?>", outside=True)
def single(outside: Outside, items: Any, act: Any) -> Any:
    if items is NOTHING:
        return NOTHING
    found = [
        v
        for i, v in enumerate(items)
        if act is NOTHING or truth(callback(act, [v, i, items], outside))
    ]
    if len(found) > 1:
        message = "The $single() function expected exactly 1 matching result. Instead it matched"
        raise JsonataError("D3138", f"{message} more.")
    if not found:
        message = "The $single() function expected exactly 1 matching result. Instead it matched"
        raise JsonataError("D3139", f"{message} 0.")
    return found[0]


@function("reduce", "<afj?:j>", outside=True)
def reduce_items(outside: Outside, items: Any, act: Any, start: Any) -> Any:
    if items is NOTHING:
        return NOTHING
    if act.arity < 2:
        message = "The second argument of reduce function must be a function with at least two"
        raise JsonataError("D3050", f"{message} arguments")
    rest = list(enumerate(items))
    if start is NOTHING:
        if not rest:
            return NOTHING
        start = rest.pop(0)[1]
    for index, item in rest:
        arguments = [start, item, index, items][: max(act.arity, 2)]
        start = call(act, arguments, NOTHING, outside)
    return start


# ---- what Step Functions adds (Transforming data with JSONata in Step Functions)
@function("partition", "<an:a>")
def partition(items: Any, size: Any) -> Any:
    """The array in chunks of `size`."""
    if items is NOTHING:
        return NOTHING
    if size is NOTHING or size < 1 or size != int(size):
        raise JsonataError("D3137", "$partition expects a positive integer as its second argument")
    step = int(size)
    return [list(items[i : i + step]) for i in range(0, len(items), step)]


@function("range", "<nnn:a>")
def number_range(first: Any, last: Any, step: Any) -> Any:
    """From `first` to `last` (included) by `step`; at most 1,000 items, as the intrinsic."""
    if NOTHING in (first, last, step):
        return NOTHING
    if step == 0:
        raise JsonataError("D3137", "$range expects a step other than zero")
    if (last - first) / step + 1 > RANGE_MAX:
        raise JsonataError("D3137", f"$range makes at most {RANGE_MAX} items")
    found: list[Any] = []
    value = first
    while (value <= last if step > 0 else value >= last) and len(found) < RANGE_MAX:
        found.append(number(value))
        value += step
    return found
