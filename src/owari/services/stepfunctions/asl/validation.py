"""Static validation of a definition, with AWS's codes, messages and locations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from owari.services.stepfunctions.asl import checks, diagnostics
from owari.services.stepfunctions.asl.choice_rules import check_choices
from owari.services.stepfunctions.asl.compiler import compile_machine
from owari.services.stepfunctions.asl.definition import Machine
from owari.services.stepfunctions.asl.diagnostics import Diagnostic, Findings
from owari.services.stepfunctions.asl.graph import check_labels, check_names, check_targets
from owari.services.stepfunctions.asl.handlers import check_handlers
from owari.services.stepfunctions.asl.json_text import loads
from owari.services.stepfunctions.asl.jsonpath import InvalidPath
from owari.services.stepfunctions.asl.resource import ACTIVITY, parse_resource, pattern_exists
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
MACHINE_FIELDS: dict[str, checks.Check | None] = {
    "Comment": checks.string,
    "Version": partial(checks.one_of, ("1.0",)),
    "TimeoutSeconds": partial(checks.number_from, 0, checks.LONGEST_S, True),
    "QueryLanguage": partial(checks.one_of, LANGUAGES),
    "StartAt": None,
    "States": None,
}
PART_FIELDS = {"Comment", "StartAt", "States", "ProcessorConfig"}
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
        findings.schema("Expected value of type [OBJECT]", "/")
        return findings.found
    # Only the very string "JSONPath" names it; whatever else is written counts as JSONata.
    rules = Rules(express, source.get("QueryLanguage", "JSONPath") != "JSONPath", findings)
    for field, value in source.items():
        if field not in MACHINE_FIELDS:
            findings.unsupported(field, "/")
        elif check := MACHINE_FIELDS[field]:
            findings.report(check(value), f"/{field}")
    _check_part(source, "", rules, 1)
    if not findings.found:
        check_names(source, "", findings, set())
        check_labels(source, "", findings, set())
    return findings.found


def _check_part(source: Json, place: str, rules: Rules, depth: int) -> None:
    findings = rules.findings
    missing = [field for field in ("StartAt", "States") if field not in source]
    findings.required(missing, place or "/")
    if missing:
        return
    states, before = source["States"], len(findings.found)
    findings.report(checks.string(source["StartAt"]), f"{place}/StartAt")
    if not isinstance(states, dict) or not states:
        problem = "Value cannot be empty" if states == {} else "Expected value of type [OBJECT]"
        findings.schema(problem, f"{place}/States")
        return
    for name, state in states.items():
        _check_state(name, state, f"{place}/States/{name}", rules, depth)
    if len(findings.found) == before:
        check_targets(source, place, findings)


def _check_state(name: str, state: Any, place: str, rules: Rules, depth: int) -> None:
    findings = rules.findings
    if not isinstance(state, dict):
        findings.schema("Expected value of type [OBJECT]", place)
        return
    if len(name) > NAME_MAX:
        findings.add(
            "INVALID_STATE_NAME",
            f"State name '{name}' exceeds the {NAME_MAX}-character limit allowed by the service",
            place,
        )
    if "Type" not in state:
        findings.required(["Type"], place)
        return
    kind, language = state["Type"], state.get("QueryLanguage")
    if kind not in TYPES:
        findings.report(checks.one_of(TYPES, kind), f"{place}/Type")
        return
    jsonata = rules.jsonata if language is None else language != "JSONPath"
    downgraded = rules.jsonata and language == "JSONPath"
    if downgraded:
        findings.schema(
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            place,
        )
    _check_fields(kind, state, jsonata, downgraded, place, findings)
    _check_presence(kind, state, place, findings)
    if kind in ("Task", "Parallel", "Map"):
        check_handlers(state, jsonata, place, findings)
    _check_special(kind, state, jsonata, place, rules, depth)


def _check_fields(
    kind: str, state: Json, jsonata: bool, downgraded: bool, place: str, findings: Findings
) -> None:
    fields, others = (JSONATA, JSONPATH) if jsonata else (JSONPATH, JSONATA)
    known = {**EVERY, **fields[kind]}
    for field in state:
        if field in known:
            continue
        if field not in others[kind]:
            findings.unsupported(field, place)
        elif not downgraded:
            mine, theirs = LANGUAGES[jsonata], LANGUAGES[not jsonata]
            findings.schema(
                f"The QueryLanguage is set to '{mine}', but field '{field}' is only supported for"
                f" the '{theirs}' QueryLanguage",
                place,
            )
    for field, value in state.items():
        if field in known:
            findings.report(known[field](value), f"{place}/{field}")


def _check_presence(kind: str, state: Json, place: str, findings: Findings) -> None:
    findings.required([f for f in REQUIRED.get(kind, ()) if f not in state], place)
    for group in EXCLUSIVE.get(kind, ()):
        given = [field for field in group if field in state]
        _check_one_of(given, group, group in NEEDED, place, findings)
    if "Next" in JSONPATH[kind]:
        given = [f for f in GOING_ON if f in state and state[f] is not False]
        _check_one_of(given, tuple(GOING_ON), True, place, findings)


def _check_one_of(
    given: list[str], group: tuple[str, ...], needed: bool, place: str, findings: Findings
) -> None:
    if len(given) > 1:
        names = ", ".join(given)
        findings.schema(f"There should only be one of the following fields: [{names}]", place)
    elif not given and needed:
        names = ", ".join(group)
        findings.schema(
            f"This object should have only one of the following fields: [{names}]", place
        )


def _check_special(
    kind: str, state: Json, jsonata: bool, place: str, rules: Rules, depth: int
) -> None:
    match kind:
        case "Choice" if "Choices" in state:
            check_choices(state["Choices"], jsonata, f"{place}/Choices", rules.findings)
        case "Task" if isinstance(state.get("Resource"), str):
            _check_resource(state, place, rules)
        case "Parallel" if "Branches" in state:
            _check_branches(state["Branches"], f"{place}/Branches", rules, depth)
        case "Map":
            for field in ("ItemProcessor", "Iterator"):
                if isinstance(state.get(field), dict):
                    _check_nested(state[field], f"{place}/{field}", rules, depth)
        case _:
            pass


def _check_resource(state: Json, place: str, rules: Rules) -> None:
    findings, arn, where = rules.findings, state["Resource"], f"{place}/Resource"
    resource = parse_resource(arn)
    if resource is None:
        findings.schema("Value is not a valid resource ARN", where)
        return
    if rules.express and resource.kind == ACTIVITY:
        findings.schema("Express state machine does not support Activity ARN", where)
    elif rules.express and resource.pattern:
        kind = resource.pattern.removesuffix(":2")
        findings.schema(
            f"Express state machine does not support '{kind}' service integration", where
        )
    if not pattern_exists(resource):
        findings.schema(
            f"The resource provided {arn} is not recognized. The value is not a valid resource"
            " ARN, or the resource is not available in this region.",
            where,
        )
    if resource.kind == ACTIVITY and "Credentials" in state:
        findings.schema("The field 'Credentials' is not supported for activities", place)


def _check_branches(branches: Any, place: str, rules: Rules, depth: int) -> None:
    rules.findings.report(checks.filled_array(branches), place)
    for at, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, dict):
            _check_nested(branch, f"{place}[{at}]", rules, depth)
        else:
            rules.findings.schema("Expected value of type [OBJECT]", f"{place}[{at}]")


def _check_nested(part: Json, place: str, rules: Rules, depth: int) -> None:
    if depth >= DEPTH_MAX:
        rules.findings.add("TOO_DEEPLY_NESTED", "The states are too deeply nested.", place)
        return
    for field in part:
        if field not in PART_FIELDS:
            rules.findings.unsupported(field, place)
    _check_config(part.get("ProcessorConfig", {}), f"{place}/ProcessorConfig", rules)
    _check_part(part, place, rules, depth + 1)


def _check_config(config: Any, place: str, rules: Rules) -> None:
    findings = rules.findings
    if not isinstance(config, dict):
        findings.schema("Expected value of type [OBJECT]", place)
        return
    mode = config.get("Mode", "INLINE")
    findings.report(checks.one_of(("INLINE", "DISTRIBUTED"), mode), f"{place}/Mode")
    if mode != "DISTRIBUTED":
        if "ExecutionType" in config:
            findings.unsupported("ExecutionType", place)
        return
    if rules.express:
        findings.schema(
            "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state"
            " machines",
            f"{place}/Mode",
        )
    if "ExecutionType" not in config:
        findings.required(["ExecutionType"], place)
    else:
        allowed = checks.one_of(("STANDARD", "EXPRESS"), config["ExecutionType"])
        findings.report(allowed, f"{place}/ExecutionType")
