"""Recorded executions, run through boto3 and compared as a caller sees them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from tests.parity.reasons import reason_for
from tests.parity.stage import Missing, Row, Stage, input_of
from tests.services.stepfunctions.recorded import loads_object, order_independent, same, shown
from tests.support.server import ROLE

COLUMNS = ("status", "result", "sequence", "details")
PATIENCE_S = 75.0
ACCOUNT = "123456789012"  # the recordings show 111111111111 instead


@dataclass
class Found:
    """How one row compares; `missing` instead where it could not be run."""

    name: str
    group: str
    missing: str | None = None
    marks: dict[str, bool] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    known: str | None = None  # why it cannot match


@dataclass
class Under:
    """A row under way. Its parts are several where cases were recorded together."""

    row: Row
    found: Found
    arn: str


def group_of(row: Row) -> str:
    kind = str(row["kind"]).split("[")[0]
    return f"{kind} {'+'.join(row['needs']) or 'pure'}"


def begin(stage: Stage, at: int, row: Row) -> Under | Found:
    if not row["needs"]:
        return _begin(stage, at, row)
    with stage.lock:
        return _begin(stage, at, row)


def _begin(stage: Stage, at: int, row: Row) -> Under | Found:
    found = Found(f"{at} {row['test'].split('::')[-1]} {row['kind']}", group_of(row))
    found.known = reason_for(row)
    try:
        stage.set(row)
    except Missing as missing:
        found.missing = str(missing)
        return found
    client = stage.client("stepfunctions")
    machine = _machine(client, at, row)
    arn = client.start_execution(stateMachineArn=machine, input=_input(row))["executionArn"]
    if row.get("aws_status") == "ABORTED":
        client.stop_execution(executionArn=arn)
    return Under(row, found, arn)


def _machine(client: Any, at: int, row: Row) -> str:
    """Its ARN, or that of the version or alias the recording started."""
    versioned = "stateMachineVersionArn" in json.dumps(row.get("aws"))
    made = client.create_state_machine(
        name=f"row-{at}",
        definition=json.dumps(row["definition"]),
        roleArn=ROLE,
        publish=versioned,
    )
    if not versioned:
        return str(made["stateMachineArn"])
    version = str(made["stateMachineVersionArn"])
    if "stateMachineAliasArn" not in row["aws"]:
        return version
    route = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = client.create_state_machine_alias(
        name="state_machine_alias_name", routingConfiguration=route
    )
    return str(alias["stateMachineAliasArn"])


def _input(row: Row) -> str:
    if row["kind"].startswith("cases["):
        return json.dumps(row["input"])
    started = next(
        (
            e["executionStartedEventDetails"]["input"]
            for e in row.get("aws_events") or ()
            if e["type"] == "ExecutionStarted"
        ),
        None,
    )
    if isinstance(started, str) and not row["needs"]:
        return started
    return json.dumps(input_of(row))


def conclude(stage: Stage, under: Under, until: float) -> Found:
    told = _await(stage, under, until)
    row, found = under.row, under.found
    match row["kind"]:
        case "history":
            _compare_history(stage, under, told)
        case "describe" if "mapRunArn" in row["aws"]:
            run = stage.client("stepfunctions").list_map_runs(executionArn=under.arn)["mapRuns"][0]
            ours = stage.client("stepfunctions").describe_map_run(mapRunArn=run["mapRunArn"])
            _compare_described(found, row["aws"], ours)
        case "describe":
            _compare_described(found, row["aws"], told)
        case _:
            _compare_case(row, found, told)
    return found


def _await(stage: Stage, under: Under, until: float) -> dict[str, Any]:
    client = stage.client("stepfunctions")
    while True:
        told: dict[str, Any] = client.describe_execution(executionArn=under.arn)
        waits = under.row["kind"] == "history" and under.row["aws_status"] is None
        if told["status"] != "RUNNING" or waits or time.monotonic() > until:
            return told
        time.sleep(0.05)


def _compare_case(row: Row, found: Found, told: dict[str, Any]) -> None:
    case = row["aws"][int(row["kind"][6:-1])]
    if "output" not in case:
        found.missing = "events of the service's own (EventBridge)"
        return
    ours = cut(loads_object(told.get("output")), set())
    found.marks["result"] = same(case["output"], ours)
    if not found.marks["result"]:
        found.why.append(f"{case['output']} / {told.get('output')} {told.get('cause')}")


def _compare_described(found: Found, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    theirs = {k: v for k, v in theirs.items() if k != "ResponseMetadata"}
    mine = {k: loads_object(v) for k, v in ours.items() if k != "ResponseMetadata"}
    dates = {"startDate", "stopDate"}
    found.marks["result"] = theirs.keys() == mine.keys() and all(
        key in dates or same(value, cut(mine[key], set())) for key, value in theirs.items()
    )
    if not found.marks["result"]:
        found.why.append(f"{theirs} / {mine}")


def _history(stage: Stage, arn: str) -> list[dict[str, Any]]:
    pages = stage.client("stepfunctions").get_paginator("get_execution_history")
    return [event for page in pages.paginate(executionArn=arn) for event in page["events"]]


def _compare_history(stage: Stage, under: Under, told: dict[str, Any]) -> None:
    row, found = under.row, under.found
    theirs = row["aws_events"]
    if theirs[0]["id"] != 1:
        theirs = theirs[::-1]
    ours = shown(_history(stage, under.arn))
    if any(e["id"] == [0] for e in theirs):
        ours = order_independent(ours)
    skips = {name.rpartition(".")[2] for name in _skips(row)}
    found.marks["status"] = told["status"] == (row["aws_status"] or "RUNNING")
    keys = ("output", "error", "cause")
    expected = {k: cut((row["aws_result"] or {}).get(k), skips) for k in keys}
    actual = {k: cut(loads_object(told.get(k)), skips) for k in keys}
    found.marks["result"] = all(same(expected[k], actual[k]) for k in keys)
    kinds = [e["type"] for e in theirs], [e["type"] for e in ours]
    found.marks["sequence"] = kinds[0] == kinds[1]
    if not row["input_matches_aws"]:  # the recorder replaced names in it
        theirs, ours = _without_input(theirs), _without_input(ours)
    pairs = zip(theirs, ours, strict=False)
    wrong = [p for p in pairs if not same(cut(_details(p[0]), skips), cut(_details(p[1]), skips))]
    found.marks["details"] = found.marks["sequence"] and not wrong
    if not found.marks["result"]:
        found.why.append(f"result: {expected} / {actual}")
    if not found.marks["sequence"]:
        found.why.append(f"sequence: {kinds[0]} / {kinds[1]}")
    elif wrong:
        found.why.append(f"details: {_details(wrong[0][0])} / {_details(wrong[0][1])}")


def _skips(row: Row) -> list[str]:
    """Members that the recorder itself does not compare."""
    return next((value for key, value in row.items() if key.endswith("_skips")), [])


def _without_input(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the input of the execution and of its first state."""
    made = [{**event} for event in events]
    for event in made[:2]:
        for key, details in _details(event).items():
            event[key] = {name: value for name, value in details.items() if name != "input"}
    return made


def _details(event: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in event.items() if k.endswith("EventDetails")}


def cut(value: Any, skips: set[str]) -> Any:
    """Without members that differ with every call (HTTP headers, stack traces)."""
    varying = {"SdkHttpMetadata", "SdkResponseMetadata", "stackTrace"} | (
        skips & {"ChecksumCrc32", "ChecksumCRC32", "ChecksumType", "ServerSideEncryption"}
    )
    match value:
        case dict():
            return {k: cut(v, skips) for k, v in value.items() if k not in varying}
        case list():
            return [cut(v, skips) for v in value]
        case str() if value.startswith("{") and isinstance(loads_object(value), dict):
            return cut(loads_object(value), skips)
        case str():
            return value.replace(ACCOUNT, "111111111111")
        case _:
            return value
