"""Paths whose items carry what is bound to them (`@`, `#`, `%`), and the order of a sort."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata import paths
from owari.services.stepfunctions.jsonata.compiling.node import Tuple, compile_node
from owari.services.stepfunctions.jsonata.scope import Scope
from owari.services.stepfunctions.jsonata.values import NOTHING, as_list


def tuples(node: n.Node) -> Callable[[Any, Scope], list[Tuple]]:
    match node:
        case n.Path(_, left, right):
            first, second = tuples(paths.as_step(left)), tuples(paths.as_step(right))

            def path(focus: Any, scope: Scope) -> list[Tuple]:
                return [pair for item, inner in first(focus, scope) for pair in second(item, inner)]

            return path
        case n.Filter(_, left, predicate):
            first, test = tuples(paths.as_step(left)), compile_node(predicate)

            def filtered(focus: Any, scope: Scope) -> list[Tuple]:
                found = first(focus, scope)
                size = len(found)
                return [
                    pair
                    for index, pair in enumerate(found)
                    if paths.selected(test(*pair), index, size)
                ]

            return filtered
        case n.Index(_, left, name):
            first = tuples(paths.as_step(left))
            return lambda focus, scope: [
                (item, inner.inner({name: index}))
                for index, (item, inner) in enumerate(first(focus, scope))
            ]
        case n.Focus(_, left, name):
            first = tuples(paths.as_step(left))
            return lambda focus, scope: [
                (focus, inner.inner({name: item})) for item, inner in first(focus, scope)
            ]
        case n.Sort(_, left, terms):
            first, ordered = tuples(paths.as_step(left)), sort_order(terms)
            return lambda focus, scope: ordered(first(focus, scope))
        case n.KeepArray(_, left):
            return tuples(paths.as_step(left))
        case n.Parent():
            return lambda _focus, scope: [scope.parent] if scope.parent else []
        case _:
            step = compile_node(node)
            return lambda focus, scope: [
                (value, scope.inner(parent=(focus, scope))) for value in as_list(step(focus, scope))
            ]


def sort_order(
    terms: tuple[tuple[n.Node, bool], ...],
) -> Callable[[list[Tuple]], list[Tuple]]:
    keys = [(compile_node(term), descending) for term, descending in terms]

    def compare(a: tuple[Tuple, list[Any]], b: tuple[Tuple, list[Any]]) -> int:
        for left, right, (_, descending) in zip(a[1], b[1], keys, strict=True):
            outcome = paths.order(left, right)
            if outcome:
                return -outcome if descending and NOTHING not in (left, right) else outcome
        return 0

    def ordered(items: list[Tuple]) -> list[Tuple]:
        keyed = [(pair, [key(*pair) for key, _ in keys]) for pair in items]
        return [pair for pair, _ in sorted(keyed, key=cmp_to_key(compare))]

    return ordered
