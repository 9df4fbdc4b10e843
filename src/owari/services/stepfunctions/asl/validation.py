"""Static validation of a definition, with AWS's codes, messages and locations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from owari.services.stepfunctions.asl import checks, diagnostics
from owari.services.stepfunctions.asl.choice_rules import check_choices
from owari.services.stepfunctions.asl.compiler import compile_machine
from owari.services.stepfunctions.asl.definition import Machine
from owari.services.stepfunctions.asl.diagnostics import Diagnostic, Findings
from owari.services.stepfunctions.asl.graph import check_names, check_targets
from owari.services.stepfunctions.asl.handlers import check_handlers
from owari.services.stepfunctions.asl.json_text import loads
from owari.services.stepfunctions.asl.jsonpath import InvalidPath
from owari.services.stepfunctions.asl.resource import ACTIVITY, parse_resource
from owari.services.stepfunctions.asl.state_fields import (
    EVERY,
    EXCLUSIVE,
    GOING_ON,
    JSONATA,
    JSONPATH,
    LANGUAGES,
    NEEDED,
    REQUIRED,
    TYPES,
)
from owari.services.stepfunctions.jsonata.errors import JsonataError

Json = dict[str, Any]
DEPTH_MAX = 20
MACHINE_FIELDS = {"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"}
PART_FIELDS = {"Comment", "StartAt", "States", "ProcessorConfig", "QueryLanguage"}
NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the whole machine."""

    express: bool
    jsonata: bool
    findings: Findings


def load(text: str, *, express: bool = False) -> tuple[Machine | None, list[Diagnostic]]:
    """The machine, or what is wrong with it."""
    try:
        source = loads(text)
    except ValueError as error:
        return None, [Diagnostic(diagnostics.NOT_JSON, str(error))]
    found = validate(source, express=express)
    if found:
        return None, found
    try:
        return compile_machine(source), []
    except (InvalidPath, JsonataError, RecursionError) as error:
        return None, [Diagnostic(diagnostics.SCHEMA, str(error), "/")]


def validate(source: Any, *, express: bool = False) -> list[Diagnostic]:
    findings = Findings()
    if not isinstance(source, dict):
        findings.schema("Expected value of type Object", "/")
        return findings.found
    language = source.get("QueryLanguage", LANGUAGES[0])
    rules = Rules(express, language == "JSONata", findings)
    for field, value in source.items():
        if field not in MACHINE_FIELDS:
            findings.schema("Field is not supported", f"/{field}")
        elif field == "TimeoutSeconds":
            _report(findings, checks.seconds(value), "/TimeoutSeconds")
        elif field == "QueryLanguage":
            _report(findings, checks.one_of(LANGUAGES, value), "/QueryLanguage")
        elif field in ("Comment", "Version"):
            _report(findings, checks.string(value), f"/{field}")
    _check_part(source, "", rules, 1)
    if not findings.found:
        check_names(source, "", findings, set())
    return findings.found


def _report(findings: Findings, problems: Iterator[checks.Problem], place: str) -> None:
    for message, within in problems:
        findings.schema(message, place + within)


def _check_part(source: Json, place: str, rules: Rules, depth: int) -> None:
    findings = rules.findings
    missing = [field for field in ("StartAt", "States") if field not in source]
    if missing:
        findings.schema(f"These fields are required: [{', '.join(missing)}]", place or "/")
        return
    states = source["States"]
    if not isinstance(source["StartAt"], str):
        findings.schema("Expected value of type String", f"{place}/StartAt")
        return
    if not isinstance(states, dict) or not states:
        findings.schema("Expected a non-empty Object", f"{place}/States")
        return
    before = len(findings.found)
    for name, state in states.items():
        _check_state(name, state, f"{place}/States/{name}", rules, depth)
    if len(findings.found) == before:
        check_targets(source, place, findings)


def _check_state(name: str, state: Any, place: str, rules: Rules, depth: int) -> None:
    findings = rules.findings
    if not isinstance(state, dict):
        findings.schema("Expected value of type Object", place)
        return
    if not 0 < len(name) <= NAME_MAX:
        findings.schema(f"State name must have between 1 and {NAME_MAX} characters", place)
    kind = state.get("Type")
    if kind is None:
        findings.schema("These fields are required: [Type]", place)
        return
    if kind not in TYPES:
        _report(findings, checks.one_of(TYPES, kind), f"{place}/Type")
        return
    language = state.get("QueryLanguage")
    if rules.jsonata and language == "JSONPath":
        findings.schema(
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            place,
        )
        return
    jsonata = rules.jsonata if language is None else language == "JSONata"
    _check_fields(kind, state, jsonata, place, findings)
    _check_presence(kind, state, place, findings)
    if kind in ("Task", "Parallel", "Map"):
        check_handlers(state, jsonata, place, findings)
    _check_special(kind, state, jsonata, place, rules, depth)


def _check_fields(kind: str, state: Json, jsonata: bool, place: str, findings: Findings) -> None:
    fields, others = (JSONATA, JSONPATH) if jsonata else (JSONPATH, JSONATA)
    for field, value in state.items():
        check = fields[kind].get(field) or EVERY.get(field)
        where = f"{place}/{field}"
        if check is not None:
            _report(findings, check(value), where)
        elif field in others[kind]:
            mine, theirs = LANGUAGES[jsonata], LANGUAGES[not jsonata]
            findings.schema(
                f"The QueryLanguage is set to '{mine}', but field '{field}' is only supported for"
                f" the '{theirs}' QueryLanguage",
                where,
            )
        else:
            findings.schema("Field is not supported", where)


def _check_presence(kind: str, state: Json, place: str, findings: Findings) -> None:
    missing = [field for field in REQUIRED.get(kind, ()) if field not in state]
    if missing:
        findings.schema(f"These fields are required: [{', '.join(missing)}]", place)
    for group in EXCLUSIVE.get(kind, ()):
        given = [field for field in group if field in state]
        if len(given) > 1:
            findings.schema(f"Only one of these fields is allowed: [{', '.join(given)}]", place)
        elif not given and group in NEEDED:
            findings.schema(f"One of these fields is required: [{', '.join(group)}]", place)
    if "Next" in JSONPATH[kind]:
        given = [f for f in GOING_ON if f in state and state[f] is not False]
        if not given:
            findings.schema("These fields are required: [Next]", place)
        elif len(given) > 1:
            findings.schema("Only one of these fields is allowed: [Next, End]", place)


def _check_special(
    kind: str, state: Json, jsonata: bool, place: str, rules: Rules, depth: int
) -> None:
    match kind:
        case "Choice" if "Choices" in state:
            check_choices(state["Choices"], jsonata, f"{place}/Choices", rules.findings)
        case "Task" if isinstance(state.get("Resource"), str):
            _check_resource(state["Resource"], f"{place}/Resource", rules)
        case "Parallel" if "Branches" in state:
            _check_branches(state["Branches"], f"{place}/Branches", rules, depth)
        case "Map":
            for field in ("ItemProcessor", "Iterator"):
                if isinstance(state.get(field), dict):
                    _check_nested(state[field], f"{place}/{field}", rules, depth)
        case _:
            pass


def _check_resource(arn: str, place: str, rules: Rules) -> None:
    resource = parse_resource(arn)
    if resource is None:
        rules.findings.schema("Value is not a valid resource ARN", place)
    elif rules.express and resource.kind == ACTIVITY:
        rules.findings.schema("Express state machine does not support Activity ARN", place)
    elif rules.express and resource.pattern:
        kind = resource.pattern.removesuffix(":2")
        rules.findings.schema(
            f"Express state machine does not support '{kind}' service integration", place
        )


def _check_branches(branches: Any, place: str, rules: Rules, depth: int) -> None:
    if not isinstance(branches, list) or not branches:
        rules.findings.schema("Expected a non-empty Array", place)
        return
    for at, branch in enumerate(branches):
        if isinstance(branch, dict):
            _check_nested(branch, f"{place}[{at}]", rules, depth)
        else:
            rules.findings.schema("Expected value of type Object", f"{place}[{at}]")


def _check_nested(part: Json, place: str, rules: Rules, depth: int) -> None:
    if depth >= DEPTH_MAX:
        rules.findings.add("TOO_DEEPLY_NESTED", "The states are too deeply nested.", place)
        return
    for field in part:
        if field not in PART_FIELDS:
            rules.findings.schema("Field is not supported", f"{place}/{field}")
    if "QueryLanguage" in part:
        named = checks.one_of(LANGUAGES, part["QueryLanguage"])
        _report(rules.findings, named, f"{place}/QueryLanguage")
        rules = replace(rules, jsonata=rules.jsonata or part["QueryLanguage"] == "JSONata")
    config = part.get("ProcessorConfig", {})
    if not isinstance(config, dict):
        rules.findings.schema("Expected value of type Object", f"{place}/ProcessorConfig")
        return
    mode = config.get("Mode", "INLINE")
    where = f"{place}/ProcessorConfig"
    _report(rules.findings, checks.one_of(("INLINE", "DISTRIBUTED"), mode), f"{where}/Mode")
    if mode == "DISTRIBUTED":
        if "ExecutionType" not in config:
            rules.findings.schema("These fields are required: [ExecutionType]", where)
        else:
            allowed = checks.one_of(("STANDARD", "EXPRESS"), config["ExecutionType"])
            _report(rules.findings, allowed, f"{where}/ExecutionType")
    _check_part(part, place, rules, depth + 1)
