"""GetExecutionHistory and DescribeStateMachineForExecution."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions import definitions, executions, map_runs
from owari.services.stepfunctions.asl.history import Event
from owari.services.stepfunctions.asl.json_text import loads
from owari.services.stepfunctions.core import execution_ref, machine_arn
from owari.services.stepfunctions.paging import key_of, page_size, token_for
from owari.store.encode import loads as loads_stored
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAYLOAD = ("input", "output", "parameters")
LAST = 2**62


@operation("stepfunctions", "GetExecutionHistory", reads=True)
def get_execution_history(tx: Tx, p: Params) -> Result:
    row = executions.existing(tx, execution_ref(p["executionArn"]), p["executionArn"])
    most, reverse = page_size(p.get("maxResults")), bool(p.get("reverseOrder"))
    at = key_of("GetExecutionHistory", p.get("nextToken"), int)
    if at is None:
        at = LAST if reverse else 1
    found = _events(tx, row["id"], at, most + 1, reverse)
    shown = found[:most]
    if p.get("includeExecutionData") is False:
        shown = [_without_data(event) for event in shown]
    answer: dict[str, Any] = {"events": shown}
    if len(found) > most:
        answer["nextToken"] = token_for("GetExecutionHistory", found[most]["id"])
    return answer


def _events(tx: Tx, execution: int, at: int, most: int, reverse: bool) -> list[Event]:
    found: list[Event] = []
    for chunk in executions.chunks(tx, execution, at, reverse=reverse):
        events: list[Event] = loads(chunk["events"])
        if reverse:
            found += [event for event in reversed(events) if event["id"] <= at]
        else:
            found += [event for event in events if event["id"] >= at]
        if len(found) >= most:
            break
    return found[:most]


def _without_data(event: Event) -> Event:
    made = dict(event)
    for key, details in event.items():
        if isinstance(details, dict):
            made[key] = {name: v for name, v in details.items() if name not in PAYLOAD}
    return made


@operation("stepfunctions", "DescribeStateMachineForExecution", reads=True)
def describe_state_machine_for_execution(tx: Tx, p: Params) -> Result:
    """What the execution was started with, whatever became of the machine."""
    row = executions.existing(tx, execution_ref(p["executionArn"]), p["executionArn"])
    name, _, label = row["machine"].partition("/")
    answer: dict[str, Any] = {
        "stateMachineArn": machine_arn(tx.region, tx.account, row["machine"]),
        "name": name,
        "roleArn": row["role_arn"],
        "updateDate": row["updated"],
        **loads_stored(row["settings"]),
    }
    if p.get("includedData") != "METADATA_ONLY":
        answer["definition"] = definitions.text_of(tx, row["definition"])
    if row["revision"] is not None:
        answer["revisionId"] = row["revision"]
    if label:
        answer["label"] = label
        run = map_runs.find(tx, row["map_run"])
        answer |= {"mapRunArn": run["arn"]} if run is not None else {}
    return answer
