"""StartSyncExecution: an Express execution whose caller waits for the end.

AWS bills by memory in steps of 64 MB and time in steps of 100 ms; the memory is a flat 64.
"""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.stepfunctions.api_executions import beginning
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.callbacks import sync_channel
from owari.services.stepfunctions.core import EXPRESS_MAX_S, machine_arn
from owari.services.stepfunctions.faults import wrong_type
from owari.services.stepfunctions.starting import Beginning, start
from owari.store.tx import Tx
from owari.wire.operation import Answer, Params, Park, operation

FORGOTTEN_S = 3600.0  # results nobody came for
GRACE_S = 5.0


@operation("stepfunctions", "StartSyncExecution")
def start_sync_execution(tx: Tx, p: Params) -> Answer:
    row = tx.one(
        "SELECT result FROM sfn_sync WHERE account = ? AND request = ?", tx.account, tx.request_id
    )
    if row is None:
        return _begin(tx, p)
    told = loads(row["result"]) if row["result"] is not None else None
    if told is None or told.get("status") is None:
        if tx.last_try:
            raise ServiceError("InternalError", "The execution did not end in time.", status=500)
        return _wait(tx)
    tx.run("DELETE FROM sfn_sync WHERE account = ? AND request = ?", tx.account, tx.request_id)
    return _answer(p, told)


def _wait(tx: Tx) -> Park:
    channel = sync_channel(tx.account, tx.request_id)
    return Park(channel, tx.now + EXPRESS_MAX_S + GRACE_S, keep=True)


def _begin(tx: Tx, p: Params) -> Answer:
    """Most end in this transaction: nothing of them is stored then."""
    b = beginning(tx, p, tx.request_id)
    if not b.machine.express:
        raise wrong_type()
    r = start(tx, b)
    e = r.execution
    told = {
        "executionArn": b.arn,
        "stateMachineArn": machine_arn(tx.region, tx.account, b.machine.name),
        "name": b.name,
        "startDate": e.started_ms / 1000,
        "input": b.text,
        "status": None,
    }
    if e.status != "RUNNING":
        ended = {"status": e.status, "output": e.output, "error": e.error, "cause": e.cause}
        return _answer(p, {**told, **ended, "stopDate": tx.now})
    _remember(tx, b, told)
    return _wait(tx)


def _remember(tx: Tx, b: Beginning, told: dict[str, Any]) -> None:
    tx.run("DELETE FROM sfn_sync WHERE started < ?", tx.now - FORGOTTEN_S)
    tx.run(
        "INSERT INTO sfn_sync (account, request, started, result) VALUES (?, ?, ?, ?)",
        tx.account,
        tx.request_id,
        tx.now,
        dumps(told),
    )


def _answer(p: Params, told: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in told.items() if value is not None}
    lasted_ms = max(int((told["stopDate"] - told["startDate"]) * 1000), 1)
    made["billingDetails"] = {
        "billedMemoryUsedInMB": 64,
        "billedDurationInMilliseconds": -(-lasted_ms // 100) * 100,
    }
    if p.get("traceHeader"):
        made["traceHeader"] = p["traceHeader"]
    if p.get("includedData") == "METADATA_ONLY":
        return {k: v for k, v in made.items() if k not in ("input", "output", "error", "cause")}
    made["inputDetails"] = {"included": True}
    if "output" in made:
        made["outputDetails"] = {"included": True}
    return made
