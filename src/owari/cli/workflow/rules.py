"""A Choice rule as a short text: `$.duration > 60 and not ($.kind = "draft")`."""

from __future__ import annotations

import json
import re
from typing import Any

SIGNS = {
    "Equals": "=",
    "EqualsIgnoreCase": "≈",
    "Matches": "like",
    "LessThan": "<",
    "LessThanEquals": "≤",
    "GreaterThan": ">",
    "GreaterThanEquals": "≥",
}
_COMPARISON = re.compile(r"(?:String|Numeric|Boolean|Timestamp)([A-Za-z]+?)(Path)?$")
_TEST = re.compile(r"Is([A-Z]\w+)$")


def rule_text(rule: dict[str, Any]) -> str:
    if "Condition" in rule:
        text = str(rule["Condition"]).strip()
        return text.removeprefix("{%").removesuffix("%}").strip()
    if "Not" in rule and isinstance(rule["Not"], dict):
        return f"not ({rule_text(rule['Not'])})"
    for operator in ("And", "Or"):
        if isinstance(rule.get(operator), list):
            return f" {operator.lower()} ".join(_inner(part) for part in rule[operator])
    variable = rule.get("Variable", "")
    for name, value in rule.items():
        if text := _comparison(variable, name, value):
            return text
    return "?"


def _inner(rule: dict[str, Any]) -> str:
    text = rule_text(rule)
    return f"({text})" if "And" in rule or "Or" in rule else text


def _comparison(variable: str, name: str, value: Any) -> str:
    if test := _TEST.match(name):
        return f"{variable} is {'' if value else 'not '}{test[1].lower()}"
    compared = _COMPARISON.match(name)
    if compared is None or compared[1] not in SIGNS:
        return ""
    if isinstance(value, bool):
        return variable if value else f"not {variable}"
    shown = str(value) if compared[2] else json.dumps(value, ensure_ascii=False)
    return f"{variable} {SIGNS[compared[1]]} {shown}"
