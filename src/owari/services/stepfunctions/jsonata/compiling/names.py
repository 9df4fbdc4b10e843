"""Literals, names and what stands for all of them: `a`, `$a`, `*`, `**`, `%`."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata import paths
from owari.services.stepfunctions.jsonata.compiling.node import Closure
from owari.services.stepfunctions.jsonata.regexes import matcher
from owari.services.stepfunctions.jsonata.scope import Scope
from owari.services.stepfunctions.jsonata.values import NOTHING, unwrap


def literal(node: n.Literal) -> Closure:
    value = node.value
    return lambda _focus, _scope: value


def regex(node: n.RegexLiteral) -> Closure:
    made = matcher(node.pattern, node.flags)
    return lambda _focus, _scope: made


def name(node: n.Name) -> Closure:
    name = node.name
    return lambda focus, _scope: paths.lookup(focus, name)


def variable(node: n.Variable) -> Closure:
    name = node.name
    if name == "":
        return lambda focus, _scope: focus
    return lambda _focus, scope: scope.get(name)


def wildcard(_node: n.Wildcard) -> Closure:
    return lambda focus, _scope: unwrap(paths.children(focus))


def descendants(_node: n.Descendants) -> Closure:
    return lambda focus, _scope: unwrap(paths.descendants(focus))


def parent(_node: n.Parent) -> Closure:
    def closure(_focus: Any, scope: Scope) -> Any:
        return scope.parent[0] if scope.parent else NOTHING

    return closure
