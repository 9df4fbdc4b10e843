"""Operators, conditions, bindings and blocks."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata import operators
from owari.services.stepfunctions.jsonata.compiling.functions import chain
from owari.services.stepfunctions.jsonata.compiling.node import Closure, compile_node
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.scope import Scope
from owari.services.stepfunctions.jsonata.values import NOTHING, is_number, number, truth


def unary(node: n.Unary) -> Closure:
    operand = compile_node(node.operand)

    def closure(focus: Any, scope: Scope) -> Any:
        value = operand(focus, scope)
        if value is NOTHING:
            return value
        if not is_number(value):
            raise JsonataError("D1002", f"Cannot negate a non-numeric value: {value!r}")
        return number(-value)

    return closure


def binary(node: n.Binary) -> Closure:
    if node.operator == "~>":
        return chain(node)
    left, right, symbol = compile_node(node.left), compile_node(node.right), node.operator
    match symbol:
        case "and":
            return lambda f, s: truth(left(f, s)) and truth(right(f, s))
        case "or":
            return lambda f, s: truth(left(f, s)) or truth(right(f, s))
        case "?:":
            return lambda f, s: value if truth(value := left(f, s)) else right(f, s)
        case "??":
            return lambda f, s: value if (value := left(f, s)) is not NOTHING else right(f, s)
    return lambda f, s: operators.apply(symbol, left(f, s), right(f, s))


def condition(node: n.Condition) -> Closure:
    test, then = compile_node(node.test), compile_node(node.then)
    otherwise = compile_node(node.otherwise) if node.otherwise else lambda _f, _s: NOTHING
    return lambda f, s: then(f, s) if truth(test(f, s)) else otherwise(f, s)


def bind(node: n.Bind) -> Closure:
    value, name = compile_node(node.value), node.name

    def closure(focus: Any, scope: Scope) -> Any:
        scope.bindings[name] = found = value(focus, scope)
        return found

    return closure


def block(node: n.Block) -> Closure:
    body = [compile_node(part) for part in node.body]

    def closure(focus: Any, scope: Scope) -> Any:
        inner = scope.inner()
        result: Any = NOTHING
        for part in body:
            result = part(focus, inner)
        return result

    return closure
