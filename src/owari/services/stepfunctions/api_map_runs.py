"""Map runs: describe, list, update. Source: Step Functions API reference."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions import executions, map_runs
from owari.services.stepfunctions.advance import advance
from owari.services.stepfunctions.asl.reports import MapRunUpdated
from owari.services.stepfunctions.core import execution_ref, machine_arn, map_run_ref
from owari.services.stepfunctions.faults import no_resource, validation
from owari.services.stepfunctions.paging import key_of, page_size, token_for
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation


def _existing(tx: Tx, arn: str) -> Row:
    row = map_runs.by_arn(tx, map_run_ref(arn))
    if row is None:
        raise no_resource(arn)
    return row


@operation("stepfunctions", "DescribeMapRun", reads=True)
def describe_map_run(tx: Tx, p: Params) -> Result:
    row = _existing(tx, p["mapRunArn"])
    made: dict[str, Any] = {
        "mapRunArn": row["arn"],
        "executionArn": row["execution_arn"],
        "status": row["status"],
        "startDate": row["started"],
        "maxConcurrency": row["max_concurrency"],
        "toleratedFailureCount": row["tolerated_count"] or 0,
        "toleratedFailurePercentage": row["tolerated_percentage"] or 0.0,
        "itemCounts": map_runs.counts(row, "items_"),
        "executionCounts": map_runs.counts(row),
    }
    if row["stopped"] is not None:
        made["stopDate"] = row["stopped"]
    if row["redrive_count"]:
        made |= {"redriveCount": row["redrive_count"], "redriveDate": row["redriven"]}
    return made


@operation("stepfunctions", "ListMapRuns", reads=True)
def list_map_runs(tx: Tx, p: Params) -> Result:
    """The newest first."""
    row = executions.existing(tx, execution_ref(p["executionArn"]), p["executionArn"])
    most = page_size(p.get("maxResults"))
    before = key_of("ListMapRuns", p.get("nextToken"), int) or 2**62
    found = tx.all(
        "SELECT * FROM sfn_map_run WHERE execution = ? AND id < ? ORDER BY id DESC LIMIT ?",
        row["id"],
        before,
        most + 1,
    )
    answer: dict[str, Any] = {"mapRuns": [_listed(tx, row, run) for run in found[:most]]}
    if len(found) > most:
        answer["nextToken"] = token_for("ListMapRuns", found[most - 1]["id"])
    return answer


def _listed(tx: Tx, row: Row, run: Row) -> dict[str, Any]:
    label = run["arn"].split(":")[6]
    made = {
        "executionArn": row["arn"],
        "mapRunArn": run["arn"],
        "stateMachineArn": machine_arn(tx.region, tx.account, label),
        "startDate": run["started"],
    }
    return made | ({"stopDate": run["stopped"]} if run["stopped"] is not None else {})


@operation("stepfunctions", "UpdateMapRun")
def update_map_run(tx: Tx, p: Params) -> Result:
    """Only of a run that goes on; children that already run are left alone."""
    row = _existing(tx, p["mapRunArn"])
    if row["status"] != "RUNNING":
        raise validation("Map Run is not in RUNNING state and cannot be updated.")
    most = _given(p, "maxConcurrency", row["max_concurrency"])
    count = _given(p, "toleratedFailureCount", row["tolerated_count"])
    percentage = _given(p, "toleratedFailurePercentage", row["tolerated_percentage"])
    tx.run(
        "UPDATE sfn_map_run SET max_concurrency = ?, tolerated_count = ?,"
        " tolerated_percentage = ? WHERE account = ? AND region = ? AND id = ?",
        most,
        count,
        percentage,
        tx.account,
        tx.region,
        row["id"],
    )
    report = MapRunUpdated(row["frame"], row["arn"], most, count, percentage)
    advance(tx, row["execution"], report)
    return {}


def _given(p: Params, name: str, before: Any) -> Any:
    return before if p.get(name) is None else p[name]
