"""JSONata in a definition: strings between `{%` and `%}`, alone or within a value.

AWS: "Transforming data with JSONata in Step Functions".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from owari.services.stepfunctions import jsonata
from owari.services.stepfunctions.asl.fault import query_evaluation
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.scope import Evaluator, Scope
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.values import NOTHING, Function

TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}

# The context object is made only for an expression that may look at it.
_CONTEXT = re.compile(r"\$states(?!\s*\.\s*(?:input|result|errorOutput)\b)")


def is_jsonata(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def source_of(text: str) -> str:
    return text[2:-2].strip()


@lru_cache(maxsize=4096)
def compile_source(source: str) -> Any:
    """JsonataError when it does not parse."""
    return jsonata.compile(source)


def compile_expression(text: str, field: str) -> Evaluator:
    """One `{% … %}` string."""
    source = source_of(text)
    compiled = compile_source(source)
    looks_around = _CONTEXT.search(source) is not None

    def evaluate(scope: Scope) -> Any:
        around = scope.around
        variables = dict(around.variables())
        states = scope.states or {}
        variables["states"] = {**states, "context": around.context()} if looks_around else states
        chance = around.chance
        try:
            found = compiled.evaluate(
                None, variables, now_ms=around.now_ms, random=chance.random, uuid=chance.uuid
            )
        except JsonataError as error:
            raise query_evaluation(
                f"The JSONata expression '{source}' specified for the field '{field}' threw an"
                f" error during evaluation{_told(error)}",
                field,
            ) from error
        return _checked(found, source, field)

    return evaluate


def _told(error: JsonataError) -> str:
    """AWS gives an error's code, but not that of a bound (U…) it set itself."""
    if error.code.startswith("U"):
        return f": {error.message}"
    return f". {error.code}: {error.message}"


def _checked(found: Any, source: str, field: str) -> Any:
    if found is NOTHING:
        raise query_evaluation(
            f"The JSONata expression '{source}' specified for the field '{field}' returned"
            " nothing (undefined).",
            field,
        )
    if isinstance(found, Function):
        raise query_evaluation(
            f"The JSONata expression '{source}' specified for the field '{field}' returned an"
            " unsupported result type.",
            field,
        )
    return found


def compile_value(value: Any, field: str) -> Evaluator:
    """A value that may hold expressions at any depth."""
    compiled = _node(value, field)
    return compiled if compiled else lambda scope: value


def _node(value: Any, field: str) -> Evaluator | None:
    """None: constant."""
    match value:
        case str() if is_jsonata(value):
            return compile_expression(value, field)
        case dict():
            members = {key: _node(item, f"{field}/{key}") for key, item in value.items()}
            return _object(value, members) if any(members.values()) else None
        case list():
            items = [_node(item, f"{field}[{at}]") for at, item in enumerate(value)]
            return _array(value, items) if any(items) else None
        case _:
            return None


def _object(value: dict[str, Any], members: dict[str, Evaluator | None]) -> Evaluator:
    def evaluate(scope: Scope) -> Any:
        return {key: part(scope) if part else value[key] for key, part in members.items()}

    return evaluate


def _array(value: list[Any], items: list[Evaluator | None]) -> Evaluator:
    def evaluate(scope: Scope) -> Any:
        return [part(scope) if part else item for part, item in zip(items, value, strict=True)]

    return evaluate


def typed(value: Any, field: str, wanted: str) -> Evaluator:
    """A field of one type, given as such or as an expression that must yield it."""
    if not is_jsonata(value):
        return lambda scope: value
    evaluate, source = compile_expression(value, field), source_of(value)

    def check(scope: Scope) -> Any:
        found = evaluate(scope)
        kind = TYPES.get(type(found), "array" if isinstance(found, list) else "object")
        if kind != wanted:
            raise query_evaluation(
                f"The JSONata expression '{source}' specified for the field '{field}' returned an"
                f" unexpected result type. Expected '{wanted}', but was '{kind}' for value:"
                f" {dumps(found)}",
                field,
            )
        return found

    return check
