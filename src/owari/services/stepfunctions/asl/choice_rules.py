"""Validates the rules of a Choice state."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from owari.services.stepfunctions.asl import checks
from owari.services.stepfunctions.asl.choice import OPERATORS, TESTS
from owari.services.stepfunctions.asl.diagnostics import Findings

DEPTH_MAX = 20


def check_choices(choices: Any, jsonata: bool, place: str, findings: Findings) -> None:
    if not isinstance(choices, list) or not choices:
        findings.schema("Expected a non-empty Array", place)
        return
    for at, rule in enumerate(choices):
        where = f"{place}[{at}]"
        if not isinstance(rule, dict):
            findings.schema("Expected value of type Object", where)
            continue
        if not isinstance(rule.get("Next"), str):
            findings.schema("These fields are required: [Next]", where)
        if jsonata:
            _check_jsonata(rule, where, findings)
        else:
            _check_value(
                partial(checks.assignment, False), rule.get("Assign"), f"{where}/Assign", findings
            )
            _check_rule(rule, where, findings, 1)


def _check_value(check: checks.Check, value: Any, place: str, findings: Findings) -> None:
    for message, within in check(value) if value is not None else ():
        findings.schema(message, place + within)


def _check_jsonata(rule: dict[str, Any], place: str, findings: Findings) -> None:
    if "Condition" not in rule:
        findings.schema("These fields are required: [Condition]", place)
        return
    _check_value(checks.condition, rule["Condition"], f"{place}/Condition", findings)
    assignment = partial(checks.assignment, True)
    _check_value(assignment, rule.get("Assign"), f"{place}/Assign", findings)
    _check_value(checks.jsonata, rule.get("Output"), f"{place}/Output", findings)


def _check_rule(rule: Any, place: str, findings: Findings, depth: int) -> None:
    if not isinstance(rule, dict) or depth > DEPTH_MAX:
        findings.schema("Expected value of type Object", place)
        return
    for name in ("And", "Or"):
        if name in rule:
            _check_parts(rule[name], f"{place}/{name}", findings, depth)
            return
    if "Not" in rule:
        _check_rule(rule["Not"], f"{place}/Not", findings, depth + 1)
        return
    operators = [key for key in rule if key in OPERATORS]
    if len(operators) != 1:
        findings.schema("Exactly one comparison operator is required", place)
        return
    if "Variable" not in rule:
        findings.schema("These fields are required: [Variable]", place)
        return
    _check_value(checks.path, rule["Variable"] or "", f"{place}/Variable", findings)
    name = operators[0]
    for message, within in _operand(name)(rule[name]):
        findings.schema(message, f"{place}/{name}{within}")


def _check_parts(parts: Any, place: str, findings: Findings, depth: int) -> None:
    if not isinstance(parts, list) or not parts:
        findings.schema("Expected a non-empty Array", place)
        return
    for at, part in enumerate(parts):
        _check_rule(part, f"{place}[{at}]", findings, depth + 1)


def _operand(name: str) -> checks.Check:
    """What a comparison may compare with."""
    if name.endswith("Path"):
        return checks.path
    if name in TESTS or name in ("IsPresent", "BooleanEquals"):
        return checks.boolean
    if name.startswith("String"):
        return checks.string
    if name.startswith("Timestamp"):
        return checks.timestamp
    return _number


def _number(value: Any) -> Iterator[checks.Problem]:
    yield from checks.of_type("Number", value)
