"""Validates the rules of a Choice state."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl import checks
from owari.services.stepfunctions.asl.choice import OPERATORS, TESTS
from owari.services.stepfunctions.asl.diagnostics import Findings

DEPTH_MAX = 20


KINDS = ("And", "Or", "Not", "Variable", "Condition")


def check_choices(choices: Any, jsonata: bool, place: str, findings: Findings) -> None:
    findings.report(checks.filled_array(choices), place)
    for at, rule in enumerate(choices if isinstance(choices, list) else ()):
        where = f"{place}[{at}]"
        if not isinstance(rule, dict):
            findings.schema("Expected value of type [OBJECT]", where)
            continue
        if "Next" in rule:
            findings.report(checks.string(rule["Next"]), f"{where}/Next")
        else:
            findings.required(["Next"], where)
        if "Assign" in rule:
            findings.report(checks.assignment(jsonata, rule["Assign"]), f"{where}/Assign")
        if jsonata:
            _check_jsonata(rule, where, findings)
        else:
            _check_rule(rule, where, findings, 1)


def _check_jsonata(rule: dict[str, Any], place: str, findings: Findings) -> None:
    if "Condition" in rule:
        findings.report(checks.condition(rule["Condition"]), f"{place}/Condition")
    else:
        _only_one(KINDS, place, findings)
    if "Output" in rule:
        findings.report(checks.jsonata(rule["Output"]), f"{place}/Output")


def _only_one(names: tuple[str, ...], place: str, findings: Findings) -> None:
    findings.schema(
        f"The object must have only one of the following fields, [{', '.join(names)}]", place
    )


def _check_rule(rule: Any, place: str, findings: Findings, depth: int) -> None:
    if not isinstance(rule, dict) or depth > DEPTH_MAX:
        findings.schema("Expected value of type [OBJECT]", place)
        return
    if depth > 1 and "Next" in rule:
        findings.unsupported("Next", place)
    given = [kind for kind in KINDS if kind in rule]
    if len(given) != 1 or given == ["Condition"]:
        _only_one(KINDS, place, findings)
    elif given == ["Not"]:
        _check_rule(rule["Not"], f"{place}/Not", findings, depth + 1)
    elif given == ["Variable"]:
        _check_comparison(rule, place, findings)
    else:
        parts, where = rule[given[0]], f"{place}/{given[0]}"
        findings.report(checks.filled_array(parts), where)
        for at, part in enumerate(parts if isinstance(parts, list) else ()):
            _check_rule(part, f"{where}[{at}]", findings, depth + 1)


def _check_comparison(rule: dict[str, Any], place: str, findings: Findings) -> None:
    operators = [key for key in rule if key in OPERATORS]
    if len(operators) != 1:
        names = ", ".join(operators or sorted(OPERATORS))
        findings.schema(f"There should only be one of the following fields: [{names}]", place)
        return
    name = operators[0]
    findings.report(checks.variable(rule["Variable"]), f"{place}/Variable")
    findings.report(_operand(name)(rule[name]), f"{place}/{name}")


def _operand(name: str) -> checks.Check:
    """What a comparison may compare with."""
    if name.endswith("Path"):
        return checks.variable
    if name in TESTS or name in ("IsPresent", "BooleanEquals"):
        return checks.boolean
    if name.startswith("String"):
        return checks.string
    if name.startswith("Timestamp"):
        return checks.timestamp
    return checks.number
