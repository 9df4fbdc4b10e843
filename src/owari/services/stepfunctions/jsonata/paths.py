"""How paths walk data: lookups, flattening, predicates, ordering."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.values import (
    NOTHING,
    Sequence,
    is_number,
    truth,
    unwrap,
)


def as_step(node: n.Node) -> n.Node:
    """A string literal as a step of a path is a name; other literals cannot be steps."""
    if isinstance(node, n.Literal):
        if isinstance(node.value, str):
            return n.Name(node.position, node.value)
        if not isinstance(node.value, bool) and node.value is not None:
            return node
    return node


def keeps(node: n.Node) -> bool:
    """Whether `[]` somewhere in the path asks to keep a single item in its array."""
    match node:
        case n.KeepArray():
            return True
        case n.Path(_, left, right):
            return keeps(left) or keeps(right)
        case n.Filter(_, left, _) | n.Sort(_, left, _) | n.Focus(_, left, _) | n.Index(_, left, _):
            return keeps(left)
    return False


def needs_tuples(node: Any) -> bool:
    """Whether the path binds (`@`, `#`) or looks up (`%`) anything on its way."""
    match node:
        case n.Focus() | n.Index() | n.Parent():
            return True
        case n.LambdaOf() | n.Block():
            return _mentions_parent(node)
        case n.Path(_, left, right):
            return needs_tuples(left) or needs_tuples(right) or _mentions_parent(node)
        case n.Filter(_, left, _) | n.Sort(_, left, _) | n.KeepArray(_, left):
            return needs_tuples(left) or _mentions_parent(node)
    return False


def _mentions_parent(node: Any) -> bool:
    if isinstance(node, n.Parent):
        return True
    if isinstance(node, tuple):
        return any(_mentions_parent(part) for part in node)
    if isinstance(node, n.Node):
        return any(_mentions_parent(getattr(node, f.name)) for f in fields(node))
    return False


def lookup(focus: Any, name: str) -> Any:
    """The member `name` of an object, or of each object in an array."""
    if isinstance(focus, dict):
        return focus.get(name, NOTHING)
    if isinstance(focus, list):
        found = Sequence()
        for item in focus:
            value = lookup(item, name)
            if value is NOTHING:
                continue
            if isinstance(value, list):
                found.extend(value)
            else:
                found.append(value)
        return unwrap(found)
    return NOTHING


def flatten(results: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for result in results:
        if isinstance(result, list):
            flat.extend(result)
        else:
            flat.append(result)
    return flat


def finish(items: list[Any], keep: bool) -> Any:
    """The value of a path that found `items`."""
    if not items:
        return NOTHING
    found = Sequence(items)
    found.keep = keep
    return unwrap(found)


def pick(items: list[Any], index: float, keep: bool) -> Any:
    """`items[index]`; negative counts from the end."""
    at = math.floor(index)
    if at < 0:
        at += len(items)
    if not 0 <= at < len(items):
        return NOTHING
    item = items[at]
    return finish([item], keep) if keep and not isinstance(item, list) else item


def selected(value: Any, index: int, size: int) -> bool:
    """Whether a predicate's value chooses the item at `index`."""
    if is_number(value):
        value = [value]
    if isinstance(value, list) and value and all(is_number(v) for v in value):
        wanted = {math.floor(v) + (size if v < 0 else 0) for v in value}
        return index in wanted
    return truth(value)


def children(focus: Any) -> Sequence:
    """`*`: the values of an object, or the items of an array's objects."""
    found = Sequence()
    if isinstance(focus, list):
        for item in focus:
            found.extend(children(item) if isinstance(item, dict | list) else (item,))
    elif isinstance(focus, dict):
        for value in focus.values():
            found.extend(value if isinstance(value, list) else (value,))
    return found


def descendants(focus: Any) -> Sequence:
    """`**`: the value itself and everything below it."""
    found = Sequence()

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                walk(item)
            return
        found.append(value)
        if isinstance(value, dict):
            for item in value.values():
                walk(item)

    if focus is not NOTHING:
        walk(focus)
    return found


def order(left: Any, right: Any) -> int:
    """For `^(…)`: nothing comes last; only numbers with numbers, strings with strings."""
    if left is NOTHING or right is NOTHING:
        return (left is NOTHING) - (right is NOTHING)
    for value in (left, right):
        if not is_number(value) and not isinstance(value, str):
            message = "The expressions within an order-by clause must evaluate to numeric or"
            raise JsonataError("T2008", f"{message} string values")
    if isinstance(left, str) != isinstance(right, str):
        message = "Type mismatch within order-by clause. All values must be of the same type"
        raise JsonataError("T2007", message)
    return int(left > right) - int(left < right)


def deep_copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: deep_copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [deep_copy(item) for item in value]
    return value
