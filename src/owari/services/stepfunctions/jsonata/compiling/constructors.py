"""Arrays, ranges, objects, and objects made of groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata import operators, paths
from owari.services.stepfunctions.jsonata.compiling.node import Closure, Tuple, compile_node
from owari.services.stepfunctions.jsonata.compiling.tuples import tuples
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.scope import Scope
from owari.services.stepfunctions.jsonata.values import NOTHING, as_list, sequence


def array(node: n.ArrayOf) -> Closure:
    items = [(compile_node(item), isinstance(item, n.ArrayOf)) for item in node.items]

    def closure(focus: Any, scope: Scope) -> Any:
        made: list[Any] = []
        for item, nested in items:
            value = item(focus, scope)
            if value is NOTHING:
                continue
            if isinstance(value, list) and not nested:
                made.extend(value)
            else:
                made.append(value)
        return made

    return closure


def range_(node: n.Range) -> Closure:
    first, last = compile_node(node.first), compile_node(node.last)
    return lambda focus, scope: operators.span(first(focus, scope), last(focus, scope))


def object_(node: n.ObjectOf) -> Closure:
    build = _grouping(node.pairs)
    return lambda focus, scope: build(
        [(item, scope) for item in (focus if isinstance(focus, list) and focus else [focus])]
    )


def group(node: n.Group) -> Closure:
    build = _grouping(node.pairs)
    if paths.needs_tuples(node.left):
        stream = tuples(node.left)
        return lambda focus, scope: build(stream(focus, scope))
    left = compile_node(paths.as_step(node.left))

    def closure(focus: Any, scope: Scope) -> Any:
        found = left(focus, scope)
        if found is NOTHING:
            return NOTHING
        return build([(item, scope) for item in as_list(found)])

    return closure


def _grouping(pairs: tuple[tuple[n.Node, n.Node], ...]) -> Callable[[list[Tuple]], dict[str, Any]]:
    compiled = [(compile_node(key), compile_node(value)) for key, value in pairs]

    def build(items: list[Tuple]) -> dict[str, Any]:
        groups: dict[str, tuple[int, list[Tuple]]] = {}
        for item, scope in items:
            for which, (key_of, _) in enumerate(compiled):
                key = key_of(item, scope)
                if key is NOTHING:
                    continue
                if not isinstance(key, str):
                    raise JsonataError("T1003", "Key in object structure must evaluate to a string")
                owner, members = groups.setdefault(key, (which, []))
                if owner != which:
                    message = f"Multiple key definitions evaluate to same key: {key!r}"
                    raise JsonataError("D1009", message)
                members.append((item, scope))
        made = {}
        for key, (which, members) in groups.items():
            focus = members[0][0] if len(members) == 1 else sequence(m for m, _ in members)
            value = compiled[which][1](focus, members[0][1])
            if value is not NOTHING:
                made[key] = value
        return made

    return build
