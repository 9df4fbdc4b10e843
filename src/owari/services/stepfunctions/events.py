"""Execution status change events: of Standard executions, and only where a rule asks for them.

Executions of Express machines and children of map runs have none. AWS: "Automating Step Functions
event delivery with EventBridge".
"""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions import executions
from owari.services.stepfunctions.asl.json_text import dumps, size
from owari.services.stepfunctions.core import redrive_status
from owari.services.stepfunctions.describing import described
from owari.services.stepfunctions.running import Running
from owari.store import bus
from owari.store.tx import Row, Tx

DATA_MAX_BYTES = 248 * 1024  # of input and output together, escaped; what is more is left out
ABSENT = dict.fromkeys(
    (
        "stopDate", "stateMachineVersionArn", "stateMachineAliasArn", "redriveDate",
        "redriveStatusReason", "output", "outputDetails", "error", "cause",
    )
)  # fmt: skip
DATES = ("startDate", "stopDate", "redriveDate")


def announce(tx: Tx, r: Running, status: str) -> None:
    """The execution, as its row has it now, came to this status."""
    if r.about.express or r.about.map_run is not None:
        return

    def detail() -> dict[str, Any]:
        row = executions.find(tx, r.about.machine, r.execution.name)
        assert row is not None
        return _detail(tx, row, status)

    bus.announce(
        tx,
        "aws.states",
        "Step Functions Execution Status Change",
        detail,
        resources=[r.execution.arn],
        account=tx.account,
        region=tx.region,
    )


def _detail(tx: Tx, row: Row, status: str) -> dict[str, Any]:
    """`status` RUNNING: though it may have ended in the same transaction."""
    ended = status != "RUNNING"
    made: dict[str, Any] = ABSENT | described(tx, row) | {"status": status}
    if not ended:
        made["stopDate"] = None
    made |= redrive_status("STANDARD", status, row["stopped"] if ended else None, tx.now)
    for name in DATES:
        if made[name] is not None:
            made[name] = round(made[name] * 1000)
    output = row["output"] if ended else None
    made |= _data(row["input"], output)
    if ended:
        made |= {"error": row["error"], "cause": row["cause"]}
    return made


def _data(given: str, output: str | None) -> dict[str, Any]:
    """The input goes first when they are too large, then the output."""
    escaped = [size(dumps(text)) if text is not None else 0 for text in (given, output)]
    with_input = sum(escaped) <= DATA_MAX_BYTES
    made: dict[str, Any] = {
        "input": given if with_input else None,
        "inputDetails": {"included": with_input},
    }
    if output is not None:
        with_output = escaped[1] <= DATA_MAX_BYTES
        made["output"] = output if with_output else None
        made["outputDetails"] = {"included": with_output}
    return made
