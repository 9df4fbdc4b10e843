"""From a validated definition (JSON) to a `Machine`."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.asl import choice, query
from owari.services.stepfunctions.asl.definition import (
    Catcher,
    Choice,
    ChoiceRule,
    DistributedMap,
    Fail,
    Keys,
    Machine,
    Map,
    Parallel,
    Pass,
    Retrier,
    State,
    SubMachine,
    Succeed,
    Task,
    Wait,
)
from owari.services.stepfunctions.asl.fields import (
    distributed_fields,
    fail_field,
    items_field,
    json_value,
    number_field,
    wait_fields,
)
from owari.services.stepfunctions.asl.jsonpath import InvalidPath, compile_path
from owari.services.stepfunctions.asl.payload_template import compile_template
from owari.services.stepfunctions.asl.resource import Resource, parse_resource
from owari.services.stepfunctions.asl.scope import Evaluator, strict_path

Json = dict[str, Any]
RETRY_INTERVAL_S, RETRY_ATTEMPTS, RETRY_RATE = 1, 3, 2.0


def compile_machine(source: Json) -> Machine:
    parts: dict[str, SubMachine] = {}
    _part(source, "", source.get("QueryLanguage") == "JSONata", parts)
    return Machine(parts, source.get("TimeoutSeconds"), source.get("Comment"), source)


def _part(source: Json, path: str, jsonata: bool, parts: dict[str, SubMachine]) -> str:
    states: dict[str, State] = {}
    parts[path] = SubMachine(path, source["StartAt"], states)
    for name, state in source["States"].items():
        language = state.get("QueryLanguage")
        own = jsonata if language is None else language == "JSONata"
        states[name] = _state(name, state, f"{path}/States/{name}", own, jsonata, parts)
    return path


def _state(
    name: str, state: Json, path: str, jsonata: bool, outer: bool, parts: dict[str, SubMachine]
) -> State:
    common = _common(name, state, jsonata)
    match state["Type"]:
        case "Pass":
            return Pass(**common, has_result="Result" in state, result=state.get("Result"))
        case "Task":
            return _task(state, common)
        case "Choice":
            return _choice(state, common)
        case "Wait":
            return Wait(**common, **wait_fields(state, jsonata))
        case "Succeed":
            return Succeed(**common)
        case "Fail":
            error, cause = (fail_field(state, field, jsonata) for field in ("Error", "Cause"))
            return Fail(**common, error=error, cause=cause)
        case "Parallel":
            branches = [
                _part(branch, f"{path}/Branches[{at}]", outer, parts)
                for at, branch in enumerate(state["Branches"])
            ]
            return Parallel(**common, branches=tuple(branches))
        case _:
            return _map(state, common, path, outer, parts)


def _common(name: str, state: Json, jsonata: bool) -> dict[str, Any]:
    flow = _jsonata_flow(state) if jsonata else _jsonpath_flow(state)
    return {
        "name": name,
        "type": state["Type"],
        "jsonata": jsonata,
        "next": state.get("Next"),
        "retry": tuple(_retrier(r) for r in state.get("Retry") or ()),
        "catch": tuple(_catcher(c, at, jsonata) for at, c in enumerate(state.get("Catch") or ())),
        **flow,
    }


def _jsonata_flow(state: Json) -> dict[str, Any]:
    return {
        "select": None,
        "selector": None,
        "parameters": json_value(state, "Arguments"),
        "output": json_value(state, "Output"),
        "assign": json_value(state, "Assign"),
    }


def _jsonpath_flow(state: Json) -> dict[str, Any]:
    result_path = state.get("ResultPath", "$")
    return {
        "select": _select(state, "InputPath"),
        "selector": _template(state, "ResultSelector"),
        "parameters": _template(state, "Parameters"),
        "output": _select(state, "OutputPath"),
        "assign": _template(state, "Assign"),
        "result_path": () if result_path is None else reference(result_path),
        "discard": result_path is None,
    }


def _select(state: Json, field: str) -> Evaluator | None:
    """InputPath or OutputPath: `$` is left out, null means an empty object."""
    path = state.get(field, "$")
    if path is None:
        return lambda scope: {}
    return None if path == "$" else strict_path(path)


def _template(state: Json, field: str) -> Evaluator | None:
    return compile_template(state[field]) if field in state else None


def reference(text: str) -> Keys:
    """A Reference Path's keys. InvalidPath when it may point to several nodes."""
    path = compile_path(text)
    keys = path.reference
    if keys is None or path.root != "$":
        raise InvalidPath(text)
    return keys


def _retrier(source: Json) -> Retrier:
    return Retrier(
        errors=frozenset(source["ErrorEquals"]),
        interval_s=source.get("IntervalSeconds", RETRY_INTERVAL_S),
        max_attempts=source.get("MaxAttempts", RETRY_ATTEMPTS),
        backoff_rate=source.get("BackoffRate", RETRY_RATE),
        max_delay_s=source.get("MaxDelaySeconds"),
        full_jitter=source.get("JitterStrategy") == "FULL",
    )


def _catcher(source: Json, at: int, jsonata: bool) -> Catcher:
    path = source.get("ResultPath", "$")
    field = f"Catch[{at}]"
    if jsonata:
        assign, output = json_value(source, "Assign", field), json_value(source, "Output", field)
    else:
        assign, output = _template(source, "Assign"), None
    return Catcher(
        errors=frozenset(source["ErrorEquals"]),
        next=source["Next"],
        result_path=None if path is None else reference(path),
        output=output,
        assign=assign,
    )


def _task(state: Json, common: dict[str, Any]) -> Task:
    jsonata = common["jsonata"]
    resource = parse_resource(state["Resource"])
    credentials = json_value(state, "Credentials") if jsonata else _template(state, "Credentials")
    return Task(
        **common,
        resource=resource or Resource(state["Resource"], ""),
        timeout=number_field(state, "TimeoutSeconds", jsonata),
        heartbeat=number_field(state, "HeartbeatSeconds", jsonata),
        credentials=credentials,
    )


def _choice(state: Json, common: dict[str, Any]) -> Choice:
    jsonata = common["jsonata"]
    rules = []
    for at, rule in enumerate(state["Choices"]):
        field = f"Choices[{at}]"
        if jsonata:
            holds = query.typed(rule["Condition"], f"{field}/Condition", "boolean")
            assign, output = json_value(rule, "Assign", field), json_value(rule, "Output", field)
        else:
            holds, assign, output = choice.compile_rule(rule), _template(rule, "Assign"), None
        rules.append(ChoiceRule(holds, rule["Next"], assign, output))
    return Choice(**common, rules=tuple(rules), default=state.get("Default"))


def _map(
    state: Json, common: dict[str, Any], path: str, outer: bool, parts: dict[str, SubMachine]
) -> Map:
    jsonata = common["jsonata"]
    field = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
    processor = state[field]
    # Before ItemSelector there was Parameters, with the same meaning.
    selector = "ItemSelector" if "ItemSelector" in state else "Parameters"
    item_selector = json_value(state, "ItemSelector") if jsonata else _template(state, selector)
    fields = common | {
        "parameters": None,
        "processor": _part(processor, f"{path}/{field}", outer, parts),
        "items": items_field(state, jsonata),
        "item_selector": item_selector,
        "max_concurrency": number_field(state, "MaxConcurrency", jsonata),
    }
    config = processor.get("ProcessorConfig") or {}
    if config.get("Mode") != "DISTRIBUTED":
        return Map(**fields)
    return DistributedMap(**fields, **distributed_fields(state, config, jsonata))
