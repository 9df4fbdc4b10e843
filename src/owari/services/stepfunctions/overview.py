"""What `owari status` says of Step Functions: executions under way, and whom they wait for."""

from __future__ import annotations

from owari.store.tx import Tx
from owari.wire.operation import Notice, Overview, Work, overview

SHOWN_MAX = 100
COUNTED_MAX = 10_000


@overview("stepfunctions")
def of_stepfunctions(tx: Tx) -> Overview:
    counted = tx.all(
        "SELECT id FROM sfn_execution WHERE status <> 'SUCCEEDED' AND status = 'RUNNING' LIMIT ?",
        COUNTED_MAX,
    )
    yield Work("executions", running=len(counted), more=len(counted) == COUNTED_MAX)
    idle = tx.all(
        "SELECT account, region, activity, COUNT(*) AS n FROM sfn_task WHERE activity IS NOT NULL"
        " GROUP BY account, region, activity ORDER BY activity LIMIT ?",
        SHOWN_MAX,
    )
    for row in idle:
        name, why = row["activity"].rpartition(":")[2], f"{row['n']} tasks wait for a worker"
        place = row["account"], row["region"]
        yield Notice("activity", name, "SCHEDULED", why, *place, alarming=False)
