"""Trees to closures: every node becomes a function of (focus, scope)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata import operators, paths
from owari.services.stepfunctions.jsonata.calling import call
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.regexes import matcher
from owari.services.stepfunctions.jsonata.scope import Scope
from owari.services.stepfunctions.jsonata.signatures import Signature
from owari.services.stepfunctions.jsonata.values import (
    NOTHING,
    Function,
    Sequence,
    as_list,
    is_number,
    number,
    sequence,
    truth,
    unwrap,
)

Closure = Callable[[Any, Scope], Any]


def compile_node(node: n.Node) -> Closure:
    """The closure for a node; errors it raises get the node's position."""
    closure = _BUILDERS[type(node)](node)
    position = node.position

    def located(focus: Any, scope: Scope) -> Any:
        try:
            return closure(focus, scope)
        except JsonataError as error:
            if error.position < 0:
                error.position = position
            raise

    return located if isinstance(node, n.Binary | n.Call | n.Partial | n.Range) else closure


# ---- values and names
def _literal(node: n.Literal) -> Closure:
    value = node.value
    return lambda _focus, _scope: value


def _regex(node: n.RegexLiteral) -> Closure:
    made = matcher(node.pattern, node.flags)
    return lambda _focus, _scope: made


def _name(node: n.Name) -> Closure:
    name = node.name
    return lambda focus, _scope: paths.lookup(focus, name)


def _variable(node: n.Variable) -> Closure:
    name = node.name
    if name == "":
        return lambda focus, _scope: focus
    return lambda _focus, scope: scope.get(name)


def _wildcard(_node: n.Wildcard) -> Closure:
    return lambda focus, _scope: unwrap(paths.children(focus))


def _descendants(_node: n.Descendants) -> Closure:
    return lambda focus, _scope: unwrap(paths.descendants(focus))


def _parent(_node: n.Parent) -> Closure:
    def closure(_focus: Any, scope: Scope) -> Any:
        return scope.parent[0] if scope.parent else NOTHING

    return closure


# ---- paths
def _path(node: n.Node) -> Closure:
    keep = paths.keeps(node)
    if paths.needs_tuples(node):
        stream = _tuples(node)
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


def _filter(node: n.Filter) -> Closure:
    if paths.needs_tuples(node):
        return _path(node)
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


def _keep_array(node: n.KeepArray) -> Closure:
    if paths.needs_tuples(node):
        return _path(node)
    left = compile_node(paths.as_step(node.left))

    def closure(focus: Any, scope: Scope) -> Any:
        found = left(focus, scope)
        return found if found is NOTHING else paths.finish(as_list(found), True)

    return closure


def _sort(node: n.Sort) -> Closure:
    if paths.needs_tuples(node):
        return _path(node)
    left = compile_node(paths.as_step(node.left))
    compare = _sort_order(node.terms)
    keep = paths.keeps(node)

    def closure(focus: Any, scope: Scope) -> Any:
        found = left(focus, scope)
        if found is NOTHING:
            return NOTHING
        pairs = [(item, scope) for item in as_list(found)]
        return paths.finish([v for v, _ in compare(pairs)], keep)

    return closure


Tuple = tuple[Any, Scope]


def _sort_order(
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


# ---- paths whose items carry bindings (@, #, %)
def _tuples(node: n.Node) -> Callable[[Any, Scope], list[Tuple]]:
    match node:
        case n.Path(_, left, right):
            first, second = _tuples(paths.as_step(left)), _tuples(paths.as_step(right))

            def path(focus: Any, scope: Scope) -> list[Tuple]:
                return [pair for item, inner in first(focus, scope) for pair in second(item, inner)]

            return path
        case n.Filter(_, left, predicate):
            first, test = _tuples(paths.as_step(left)), compile_node(predicate)

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
            first = _tuples(paths.as_step(left))
            return lambda focus, scope: [
                (item, inner.inner({name: index}))
                for index, (item, inner) in enumerate(first(focus, scope))
            ]
        case n.Focus(_, left, name):
            first = _tuples(paths.as_step(left))
            return lambda focus, scope: [
                (focus, inner.inner({name: item})) for item, inner in first(focus, scope)
            ]
        case n.Sort(_, left, terms):
            first, ordered = _tuples(paths.as_step(left)), _sort_order(terms)
            return lambda focus, scope: ordered(first(focus, scope))
        case n.KeepArray(_, left):
            return _tuples(paths.as_step(left))
        case n.Parent():
            return lambda _focus, scope: [scope.parent] if scope.parent else []
        case _:
            step = compile_node(node)
            return lambda focus, scope: [
                (value, scope.inner(parent=(focus, scope))) for value in as_list(step(focus, scope))
            ]


# ---- constructors
def _array(node: n.ArrayOf) -> Closure:
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


def _range(node: n.Range) -> Closure:
    first, last = compile_node(node.first), compile_node(node.last)
    return lambda focus, scope: operators.span(first(focus, scope), last(focus, scope))


def _object(node: n.ObjectOf) -> Closure:
    build = _grouping(node.pairs)
    return lambda focus, scope: build(
        [(item, scope) for item in (focus if isinstance(focus, list) and focus else [focus])]
    )


def _group(node: n.Group) -> Closure:
    build = _grouping(node.pairs)
    if paths.needs_tuples(node.left):
        stream = _tuples(node.left)
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


# ---- operators and control
def _unary(node: n.Unary) -> Closure:
    operand = compile_node(node.operand)

    def closure(focus: Any, scope: Scope) -> Any:
        value = operand(focus, scope)
        if value is NOTHING:
            return value
        if not is_number(value):
            raise JsonataError("D1002", f"Cannot negate a non-numeric value: {value!r}")
        return number(-value)

    return closure


def _binary(node: n.Binary) -> Closure:
    if node.operator == "~>":
        return _chain(node)
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


def _chain(node: n.Binary) -> Closure:
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


def _condition(node: n.Condition) -> Closure:
    test, then = compile_node(node.test), compile_node(node.then)
    otherwise = compile_node(node.otherwise) if node.otherwise else lambda _f, _s: NOTHING
    return lambda f, s: then(f, s) if truth(test(f, s)) else otherwise(f, s)


def _bind(node: n.Bind) -> Closure:
    value, name = compile_node(node.value), node.name

    def closure(focus: Any, scope: Scope) -> Any:
        scope.bindings[name] = found = value(focus, scope)
        return found

    return closure


def _block(node: n.Block) -> Closure:
    body = [compile_node(part) for part in node.body]

    def closure(focus: Any, scope: Scope) -> Any:
        inner = scope.inner()
        result: Any = NOTHING
        for part in body:
            result = part(focus, inner)
        return result

    return closure


# ---- functions
def _call(node: n.Call) -> Closure:
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


def _partial(node: n.Partial) -> Closure:
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


def _lambda(node: n.LambdaOf) -> Closure:
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


def _transform(node: n.Transform) -> Closure:
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


_BUILDERS: dict[type[n.Node], Callable[[Any], Closure]] = {
    n.Literal: _literal,
    n.RegexLiteral: _regex,
    n.Name: _name,
    n.Variable: _variable,
    n.Wildcard: _wildcard,
    n.Descendants: _descendants,
    n.Parent: _parent,
    n.Path: _path,
    n.Filter: _filter,
    n.KeepArray: _keep_array,
    n.Focus: _path,
    n.Index: _path,
    n.Group: _group,
    n.Sort: _sort,
    n.Unary: _unary,
    n.Binary: _binary,
    n.Condition: _condition,
    n.Bind: _bind,
    n.Block: _block,
    n.ArrayOf: _array,
    n.Range: _range,
    n.ObjectOf: _object,
    n.Call: _call,
    n.Partial: _partial,
    n.LambdaOf: _lambda,
    n.Transform: _transform,
}
