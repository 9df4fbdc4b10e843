"""Paths: step after step over sequences, filtered, sorted."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata import paths
from owari.services.stepfunctions.jsonata.compiling.node import Closure, compile_node
from owari.services.stepfunctions.jsonata.compiling.tuples import sort_order, tuples
from owari.services.stepfunctions.jsonata.scope import Scope
from owari.services.stepfunctions.jsonata.values import NOTHING, Sequence, as_list, is_number


def path(node: n.Node) -> Closure:
    keep = paths.keeps(node)
    if paths.needs_tuples(node):
        stream = tuples(node)
        return lambda focus, scope: paths.finish([v for v, _ in stream(focus, scope)], keep)
    assert isinstance(node, n.Path)
    left, right = compile_node(paths.as_step(node.left)), compile_node(paths.as_step(node.right))
    cons = isinstance(node.right, n.ArrayOf)

    def closure(focus: Any, scope: Scope) -> Any:
        found = left(focus, scope)
        if found is NOTHING:
            return NOTHING
        results = []
        for item in found if isinstance(found, list) else (found,):
            scope.outside.step()
            value = right(item, scope)
            if value is not NOTHING:
                results.append(value)
        if len(results) == 1 and isinstance(results[0], list) and not cons:
            only = results[0]
            return paths.finish(only, keep) if isinstance(only, Sequence) else only
        return paths.finish(results if cons else paths.flatten(results), keep)

    return closure


def filter_(node: n.Filter) -> Closure:
    if paths.needs_tuples(node):
        return path(node)
    left, predicate = compile_node(paths.as_step(node.left)), compile_node(node.predicate)
    keep = paths.keeps(node)
    fixed = node.predicate.value if isinstance(node.predicate, n.Literal) else None

    def closure(focus: Any, scope: Scope) -> Any:
        found = left(focus, scope)
        if found is NOTHING:
            return NOTHING
        items = found if isinstance(found, list) else [found]
        if fixed is not None and is_number(fixed):
            return paths.pick(items, fixed, keep)
        chosen = [
            item
            for index, item in enumerate(items)
            if paths.selected(predicate(item, scope), index, len(items))
        ]
        return paths.finish(chosen, keep)

    return closure


def keep_array(node: n.KeepArray) -> Closure:
    if paths.needs_tuples(node):
        return path(node)
    left = compile_node(paths.as_step(node.left))

    def closure(focus: Any, scope: Scope) -> Any:
        found = left(focus, scope)
        return found if found is NOTHING else paths.finish(as_list(found), True)

    return closure


def sort(node: n.Sort) -> Closure:
    if paths.needs_tuples(node):
        return path(node)
    left = compile_node(paths.as_step(node.left))
    compare = sort_order(node.terms)
    keep = paths.keeps(node)

    def closure(focus: Any, scope: Scope) -> Any:
        found = left(focus, scope)
        if found is NOTHING:
            return NOTHING
        pairs = [(item, scope) for item in as_list(found)]
        return paths.finish([v for v, _ in compare(pairs)], keep)

    return closure
