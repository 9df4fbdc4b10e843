"""Payload templates: JSON whose `name.$` members are paths or intrinsic functions.

AWS: "Manipulate parameters in Step Functions workflows".
"""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl.intrinsic_parser import is_intrinsic, parse_intrinsic
from owari.services.stepfunctions.asl.json_text import java_hash_order
from owari.services.stepfunctions.asl.scope import Evaluator, Scope, field_path


def compile_template(template: Any) -> Evaluator:
    """InvalidPath when a `.$` member is neither a path nor a function."""
    compiled = _node(template)
    if compiled is None:
        return lambda scope: template
    return compiled


def expression(text: str, field: str) -> Evaluator:
    """A path or an intrinsic function, as a `.$` member or a `…Path` field holds it."""
    return parse_intrinsic(text) if is_intrinsic(text) else field_path(text, field)


def _node(template: Any) -> Evaluator | None:
    """None: the template is constant."""
    match template:
        case dict():
            return _object(template)
        case list():
            return _array(template)
        case _:
            return None


def _array(template: list[Any]) -> Evaluator | None:
    parts = [_node(item) for item in template]
    if not any(parts):
        return None

    def evaluate(scope: Scope) -> Any:
        return [part(scope) if part else item for part, item in zip(parts, template, strict=True)]

    return evaluate


def _object(template: dict[str, Any]) -> Evaluator | None:
    static: dict[str, Any] = {}
    nested: list[tuple[str, Evaluator]] = []
    dynamic: dict[str, Evaluator] = {}
    for key, value in template.items():
        if key.endswith(".$"):
            dynamic[key[:-2]] = expression(value, key)
            continue
        part = _node(value)
        static[key] = value if part is None else None
        if part is not None:
            nested.append((key, part))
    if not nested and not dynamic:
        return None
    # AWS puts the constant members first and takes the others out of a Java HashMap.
    ordered = [(key, dynamic[key]) for key in java_hash_order(list(dynamic))]

    def evaluate(scope: Scope) -> Any:
        made = dict(static)
        for key, part in nested:
            made[key] = part(scope)
        for key, part in ordered:
            made[key] = part(scope)
        return made

    return evaluate
