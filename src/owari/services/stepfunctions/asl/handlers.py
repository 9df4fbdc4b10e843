"""Validates Retry and Catch."""

from __future__ import annotations

from functools import partial
from typing import Any

from owari.services.stepfunctions.asl import checks
from owari.services.stepfunctions.asl.checks import Check
from owari.services.stepfunctions.asl.diagnostics import Findings
from owari.services.stepfunctions.asl.fault import ALL

ATTEMPTS_MAX = 99_999_999
DELAY_MAX_S = 31_622_400

RETRY: dict[str, Check] = {
    "IntervalSeconds": checks.delay,
    "MaxAttempts": partial(checks.number_from, 0, ATTEMPTS_MAX, True),
    "BackoffRate": partial(checks.number_from, 1, float("inf"), False),
    "MaxDelaySeconds": partial(checks.number_from, 1, DELAY_MAX_S, True),
    "JitterStrategy": partial(checks.one_of, ("NONE", "FULL")),
    "Comment": checks.string,
}
CATCH: dict[str, Check] = {
    "Next": checks.string,
    "ResultPath": checks.reference_or_null,
    "Assign": partial(checks.assignment, False),
    "Comment": checks.string,
}
CATCH_JSONATA: dict[str, Check] = {
    "Next": checks.string,
    "Assign": partial(checks.assignment, True),
    "Output": checks.jsonata,
    "Comment": checks.string,
}


def check_handlers(state: dict[str, Any], jsonata: bool, place: str, findings: Findings) -> None:
    for name, fields in (("Retry", RETRY), ("Catch", CATCH_JSONATA if jsonata else CATCH)):
        if name not in state:
            continue
        entries, where = state[name], f"{place}/{name}"
        if not isinstance(entries, list):
            findings.schema("Expected value of type [ARRAY]", where)
            continue
        for at, entry in enumerate(entries):
            _check_entry(name, fields, entry, f"{where}[{at}]", at == len(entries) - 1, findings)


def _check_entry(
    name: str, fields: dict[str, Check], entry: Any, place: str, last: bool, findings: Findings
) -> None:
    if not isinstance(entry, dict):
        findings.schema("Expected value of type [OBJECT]", place)
        return
    needed = ["ErrorEquals", *(["Next"] if name == "Catch" else [])]
    missing = [field for field in needed if field not in entry]
    findings.required(missing, place)
    for field, value in entry.items():
        if field == "ErrorEquals":
            _check_errors(value, f"{place}/ErrorEquals", last, findings)
        elif field not in fields:
            findings.unsupported(field, place)
        else:
            findings.report(fields[field](value), f"{place}/{field}")


def _check_errors(names: Any, place: str, last: bool, findings: Findings) -> None:
    if not isinstance(names, list) or not names:
        findings.report(checks.filled_array(names), place)
    elif not all(isinstance(name, str) for name in names):
        findings.schema("Expected value of type [STRING]", place)
    elif ALL in names and (len(names) > 1 or not last):
        findings.schema(f"{ALL} must appear alone and at end of list", place)
