"""Executions: start, describe, list, stop. Source: Step Functions API reference."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions import aliases, executions, map_runs, redriving
from owari.services.stepfunctions.asl.json_text import loads, size
from owari.services.stepfunctions.core import (
    INPUT_MAX_BYTES,
    MachineRef,
    checked_name,
    execution_arn,
    execution_ref,
    express_arn,
    machine_ref,
    map_run_ref,
    redrive_status,
)
from owari.services.stepfunctions.describing import described
from owari.services.stepfunctions.faults import (
    fault,
    invalid_input,
    no_machine,
    no_resource,
    validation,
    wrong_type,
)
from owari.services.stepfunctions.machines import StateMachine, existing
from owari.services.stepfunctions.paging import key_of, page_size, token_for
from owari.services.stepfunctions.starting import Beginning, start
from owari.services.stepfunctions.stopping import stop
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation


def checked_input(text: str | None) -> str:
    """Raises InvalidExecutionInput, ValidationException."""
    if text is None or not text.strip():
        return "{}"
    if size(text) > INPUT_MAX_BYTES:
        raise validation(
            f"1 validation error detected: Value at 'input' failed to satisfy constraint: Member"
            f" must have length less than or equal to {INPUT_MAX_BYTES}"
        )
    try:
        loads(text)
    except ValueError as error:
        raise invalid_input(str(error)) from None
    return text


def beginning(tx: Tx, p: Params, request: str | None = None) -> Beginning:
    """What StartExecution and StartSyncExecution have in common."""
    arn = p["stateMachineArn"]
    ref = machine_ref(arn)
    if ref.label is not None:
        raise no_machine(arn)
    machine = aliases.chosen(tx, ref, arn)
    name = checked_name(p["name"]) if p.get("name") else tx.new_id()
    text = checked_input(p.get("input"))
    if machine.express:
        own = express_arn(tx.region, tx.account, machine.name, name, tx.new_id())
    else:
        own = execution_arn(tx.region, tx.account, machine.name, name)
    return Beginning(machine, ref, name, own, text, p.get("traceHeader"), request)


@operation("stepfunctions", "StartExecution")
def start_execution(tx: Tx, p: Params) -> Result:
    """Of a Standard machine idempotent by name, while the execution runs with the same input."""
    b = beginning(tx, p)
    if not b.machine.express and p.get("name"):
        before = executions.find(tx, b.machine.name, b.name)
        if before is not None:
            return _again(before, b)
    r = start(tx, b)
    return {"executionArn": b.arn, "startDate": r.execution.started_ms / 1000}


def _again(before: Row, b: Beginning) -> dict[str, Any]:
    if before["status"] != "RUNNING" or before["input"] != b.text:
        raise fault("ExecutionAlreadyExists", f"Execution Already Exists: '{b.arn}'")
    return {"executionArn": before["arn"], "startDate": before["started"]}


@operation("stepfunctions", "DescribeExecution", reads=True)
def describe_execution(tx: Tx, p: Params) -> Result:
    row = executions.existing(tx, execution_ref(p["executionArn"]), p["executionArn"])
    made = described(tx, row) | redrive_status("STANDARD", row["status"], row["stopped"], tx.now)
    if row["map_run"] is not None and made["redriveStatus"] == "REDRIVABLE":
        made["redriveStatus"] = "REDRIVABLE_BY_MAP_RUN"
    if row["trace_header"] is not None:
        made["traceHeader"] = row["trace_header"]
    if p.get("includedData") == "METADATA_ONLY":
        return made
    made |= {"input": row["input"], "inputDetails": {"included": True}}
    if row["output"] is not None:
        made |= {"output": row["output"], "outputDetails": {"included": True}}
    return made | {key: row[key] for key in ("error", "cause") if row[key] is not None}


@operation("stepfunctions", "ListExecutions", reads=True)
def list_executions(tx: Tx, p: Params) -> Result:
    """The newest first."""
    if (p.get("stateMachineArn") is None) == (p.get("mapRunArn") is None):
        raise validation(
            "Either a state machine ARN or a map run ARN must be specified, but not both.",
            "MISSING_REQUIRED_PARAMETER",
        )
    most = page_size(p.get("maxResults"))
    before = key_of("ListExecutions", p.get("nextToken"), int) or 2**62
    filters = p.get("statusFilter"), p.get("redriveFilter")
    if p.get("mapRunArn") is not None:
        run = map_runs.by_arn(tx, map_run_ref(p["mapRunArn"]))
        if run is None:
            raise no_resource(p["mapRunArn"])
        found = executions.page_of_map_run(tx, run["id"], *filters, before, most + 1)
    else:
        found = _of_machine(tx, p["stateMachineArn"], filters, before, most + 1)
    answer: dict[str, Any] = {"executions": [_listed(tx, row) for row in found[:most]]}
    if len(found) > most:
        answer["nextToken"] = token_for("ListExecutions", found[most - 1]["id"])
    return answer


def _of_machine(
    tx: Tx, arn: str, filters: tuple[str | None, str | None], before: int, most: int
) -> list[Row]:
    ref = machine_ref(arn)
    machine: StateMachine = existing(tx, MachineRef(ref.name), arn)
    if machine.express:
        raise wrong_type()
    return executions.page(tx, ref.name, *filters, before, most, qualifier=ref.qualifier)


def _listed(tx: Tx, row: Row) -> dict[str, Any]:
    made = described(tx, row)
    if row["item_count"] is not None:
        made["itemCount"] = row["item_count"]
    return made


@operation("stepfunctions", "StopExecution")
def stop_execution(tx: Tx, p: Params) -> Result:
    """Of an execution that has ended nothing changes, as on AWS."""
    row = executions.existing(tx, execution_ref(p["executionArn"]), p["executionArn"])
    if row["status"] != "RUNNING":
        return {"stopDate": row["stopped"]}
    stop(tx, row["id"], p.get("error"), p.get("cause"))
    return {"stopDate": tx.now}


@operation("stepfunctions", "RedriveExecution")
def redrive_execution(tx: Tx, p: Params) -> Result:
    row = executions.existing(tx, execution_ref(p["executionArn"]), p["executionArn"])
    redriving.redrive(tx, row)
    return {"redriveDate": tx.now}
