"""PutLogEvents."""

from __future__ import annotations

from typing import Any

from owari.services.logs import core, rows
from owari.services.logs.append import Lot, append
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("logs", "PutLogEvents")
def put_log_events(tx: Tx, p: Params) -> Result:
    """Durable when answered: the segment is on disk before the commit that refers to it."""
    group = rows.get_group(tx, core.check_group_name(p["logGroupName"]))
    stream = rows.get_stream(tx, group["id"], p["logStreamName"])
    batch = core.check_batch(p["logEvents"], rows.now_ms(tx), group["retention_days"], tx.limits)
    if batch.accepted:
        lot = Lot(rows.here(tx), group["id"], stream["name"], batch.accepted)
        append(tx, [lot], sync=True)
    # The token is returned and never looked at, as on AWS.
    upcoming = stream["next_number"] + len(batch.accepted)
    answer: dict[str, Any] = {
        "nextSequenceToken": core.Position(0, stream["id"], upcoming).event_id()
    }
    if batch.rejected:
        answer["rejectedLogEventsInfo"] = batch.rejected
    return answer
