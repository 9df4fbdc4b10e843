"""Standard executions as callers see them."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions import map_runs
from owari.services.stepfunctions.core import machine_arn, version_in
from owari.store.tx import Row, Tx


def described(tx: Tx, row: Row) -> dict[str, Any]:
    """What DescribeExecution, ListExecutions and events share."""
    machine = machine_arn(tx.region, tx.account, row["machine"])
    made: dict[str, Any] = {
        "executionArn": row["arn"],
        "stateMachineArn": machine,
        "name": row["name"],
        "status": row["status"],
        "startDate": row["started"],
        "redriveCount": row["redrive_count"],
    }
    if row["stopped"] is not None:
        made["stopDate"] = row["stopped"]
    if row["redriven"] is not None:
        made["redriveDate"] = row["redriven"]
    if row["version"] is not None:
        made["stateMachineVersionArn"] = f"{machine}:{row['version']}"
    if row["qualifier"] is not None and version_in(row["qualifier"]) is None:
        made["stateMachineAliasArn"] = f"{machine}:{row['qualifier']}"
    if row["map_run"] is not None:
        run = map_runs.find(tx, row["map_run"])
        made |= {"mapRunArn": run["arn"]} if run is not None else {}
    return made
