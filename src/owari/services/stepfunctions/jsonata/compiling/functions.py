"""Functions: called, chained, applied in part, made, and made of a transformation."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata import paths
from owari.services.stepfunctions.jsonata.calling import call
from owari.services.stepfunctions.jsonata.compiling.node import Closure, compile_node
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.scope import Scope
from owari.services.stepfunctions.jsonata.signatures import Signature
from owari.services.stepfunctions.jsonata.values import NOTHING, Function, as_list


def call_(node: n.Call) -> Closure:
    function = compile_node(node.function)
    arguments = [compile_node(argument) for argument in node.arguments]
    named = node.function

    def closure(focus: Any, scope: Scope) -> Any:
        target = function(focus, scope)
        if not isinstance(target, Function):
            hint = f" (did you mean ${named.name}?)" if isinstance(named, n.Name) else ""
            raise JsonataError("T1006", f"Attempted to invoke a non-function{hint}", node.position)
        return call(target, [a(focus, scope) for a in arguments], focus, scope.outside)

    return closure


def chain(node: n.Binary) -> Closure:
    left = compile_node(node.left)
    if isinstance(node.right, n.Call):
        inner = node.right
        function = compile_node(inner.function)
        arguments = [compile_node(argument) for argument in inner.arguments]
        return lambda f, s: call(
            function(f, s), [left(f, s), *(a(f, s) for a in arguments)], f, s.outside
        )
    right = compile_node(node.right)

    def closure(focus: Any, scope: Scope) -> Any:
        value, function = left(focus, scope), right(focus, scope)
        if not isinstance(function, Function):
            message = "The right side of the function application operator ~> must be a function"
            raise JsonataError("T2006", message)
        if isinstance(value, Function):
            return Function(
                "composed",
                value.arity,
                lambda arguments, at: call(
                    function, [call(value, arguments, at, scope.outside)], at, scope.outside
                ),
            )
        return call(function, [value], focus, scope.outside)

    return closure


def partial(node: n.Partial) -> Closure:
    function = compile_node(node.function)
    arguments = [compile_node(a) if a is not None else None for a in node.arguments]

    def closure(focus: Any, scope: Scope) -> Any:
        target = function(focus, scope)
        if not isinstance(target, Function):
            raise JsonataError("T1008", "Attempted to partially apply a non-function")
        fixed = [a(focus, scope) if a is not None else None for a in arguments]

        def later(given: list[Any], at: Any) -> Any:
            rest = iter(given)
            filled = [
                value if argument is not None else next(rest, NOTHING)
                for value, argument in zip(fixed, arguments, strict=True)
            ]
            return call(target, filled, at, scope.outside)

        return Function("partial", arguments.count(None), later)

    return closure


def lambda_(node: n.LambdaOf) -> Closure:
    body = compile_node(node.body)
    names = node.parameters
    signature = Signature.parse(node.signature) if node.signature else None

    def closure(focus: Any, scope: Scope) -> Any:
        def run(arguments: list[Any], at: Any) -> Any:
            if signature is not None:
                arguments = signature.fit(arguments, at, "lambda")
            given = dict(zip(names, arguments, strict=False))
            return body(focus, scope.inner({name: given.get(name, NOTHING) for name in names}))

        return Function("lambda", len(names), run)

    return closure


def transform(node: n.Transform) -> Closure:
    pattern, update = compile_node(node.pattern), compile_node(node.update)
    delete = compile_node(node.delete) if node.delete else None

    def closure(_focus: Any, scope: Scope) -> Any:
        def run(arguments: list[Any], _at: Any) -> Any:
            copy = paths.deep_copy(arguments[0])
            for match in as_list(pattern(copy, scope)):
                change = update(match, scope)
                if change is not NOTHING:
                    if not isinstance(change, dict):
                        message = "The insert/update clause of the transform expression must"
                        raise JsonataError("T2011", f"{message} evaluate to an object")
                    match.update(change)
                for key in as_list(delete(match, scope)) if delete else ():
                    match.pop(key, None)
            return copy

        return Function("transform", 1, run)

    return closure
