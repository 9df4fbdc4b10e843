"""Fields that come in several forms: `Seconds`, `SecondsPath` or a JSONata expression."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl import query
from owari.services.stepfunctions.asl.fault import query_evaluation, runtime
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.jsonpath import PathError
from owari.services.stepfunctions.asl.payload_template import compile_template, expression
from owari.services.stepfunctions.asl.scope import (
    Evaluator,
    Scope,
    path_evaluator,
    strict_path,
)

Json = dict[str, Any]
_MISSING = object()


def json_value(source: Json, field: str, within: str = "") -> Evaluator | None:
    """A field that may hold JSONata at any depth; None when it is not there."""
    if field not in source:
        return None
    return query.compile_value(source[field], f"{within}/{field}" if within else field)


def number_field(state: Json, field: str, jsonata: bool) -> Evaluator | None:
    """`Field` (a number or an expression) or `FieldPath`."""
    if jsonata and field in state:
        return query.typed(state[field], field, "number")
    if field in state:
        value = state[field]
        return lambda scope: value
    if f"{field}Path" not in state:
        return None
    if field in ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"):
        return _checked_number(state[f"{field}Path"], field)
    return strict_path(state[f"{field}Path"])


def _checked_number(text: str, field: str) -> Evaluator:
    find = strict_path(text)
    kind = "float" if field == "ToleratedFailurePercentage" else "integer"
    types = (int, float) if kind == "float" else (int,)

    def value(scope: Scope) -> Any:
        found = find(scope)
        if not isinstance(found, types) or isinstance(found, bool):
            shown = found if isinstance(found, str) else dumps(found)
            raise runtime(
                f'The {field}Path field refers to value "{shown}" which is not a valid'
                f" {kind}: {text}"
            )
        return found

    return value


def items_field(state: Json, jsonata: bool) -> Evaluator:
    """The array a Map goes over: Items (JSONata), ItemsPath (JSONPath), else the input."""
    if jsonata and "Items" in state:
        return _listed(state["Items"])
    path = None if jsonata else state.get("ItemsPath")
    find = strict_path(path) if path else None

    def value(scope: Scope) -> Any:
        found = find(scope) if find else scope.data
        if isinstance(found, list):
            return found
        if jsonata:
            raise query_evaluation(f"Map state input must be an array but was: {dumps(found)}")
        shown = (path or "$").replace("$$", "$", 1)
        raise runtime(f'Reference path "{shown}" must point to array.')

    return value


def _listed(items: Any) -> Evaluator:
    if query.is_jsonata(items):
        return query.typed(items, "Items", "array")
    found = query.compile_value(items, "Items")
    if isinstance(items, list):
        return found

    def refuse(scope: Scope) -> Any:
        raise query_evaluation(
            f"The field 'Items' must be an array but was: {dumps(found(scope))}", "Items"
        )

    return refuse


def fail_field(state: Json, field: str, jsonata: bool) -> Evaluator | None:
    """`Error` or `Cause` of a Fail state, in any form."""
    if jsonata and field in state:
        return query.typed(state[field], field, "string")
    if field in state:
        value = state[field]
        return lambda scope: value
    if f"{field}Path" not in state:
        return None
    find = expression(state[f"{field}Path"], f"{field}Path")

    def text(scope: Scope) -> Any:
        found = find(scope)
        if not isinstance(found, str):
            raise runtime(f"The {field}Path field must point to a string: {dumps(found)}")
        return found

    return text


def wait_fields(state: Json, jsonata: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"seconds": None, "timestamp": None, "path_text": None}
    for key, field, kind in (
        ("seconds", "Seconds", "number"),
        ("timestamp", "Timestamp", "string"),
    ):
        if field in state:
            found[key] = (
                query.typed(state[field], field, kind) if jsonata else _constant(state[field])
            )
        elif f"{field}Path" in state:
            found[key] = _wait_path(state[f"{field}Path"], f"{field}Path")
            found["path_text"] = state[f"{field}Path"]
    return found


def _constant(value: Any) -> Evaluator:
    return lambda scope: value


def _wait_path(text: str, field: str) -> Evaluator:
    find = path_evaluator(text)

    def value(scope: Scope) -> Any:
        try:
            return find(scope)
        except PathError as error:
            raise runtime(
                f"The {field} parameter does not reference an input value: {text}"
            ) from error

    return value


def distributed_fields(state: Json, config: Json, jsonata: bool) -> dict[str, Any]:
    return {
        "label": state.get("Label"),
        "execution_type": config.get("ExecutionType", "STANDARD"),
        "tolerated_count": number_field(state, "ToleratedFailureCount", jsonata),
        "tolerated_percentage": number_field(state, "ToleratedFailurePercentage", jsonata),
        "reader": _settings(state, "ItemReader", jsonata),
        "batcher": _settings(state, "ItemBatcher", jsonata),
        "writer": _settings(state, "ResultWriter", jsonata),
    }


def _settings(state: Json, field: str, jsonata: bool) -> Evaluator | None:
    """An object of settings whose templates, paths and expressions are replaced by values."""
    if field not in state:
        return None
    if jsonata:
        return json_value(state, field)
    parts = {key: _setting(key, value) for key, value in state[field].items()}
    return lambda scope: {key.removesuffix("Path"): part(scope) for key, part in parts.items()}


def _setting(key: str, value: Any) -> Evaluator:
    if key in ("Parameters", "BatchInput"):
        return compile_template(value)
    if key == "ReaderConfig" or key == "WriterConfig":
        inner = {name: _setting(name, item) for name, item in value.items()}
        return lambda scope: {
            name.removesuffix("Path"): part(scope) for name, part in inner.items()
        }
    if key.endswith("Path"):
        return strict_path(value)
    return lambda scope: value
