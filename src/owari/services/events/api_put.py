"""PutEvents: every entry becomes an event on its bus, or says why it does not."""

from __future__ import annotations

from typing import Any

from owari.services.events import rows
from owari.services.events.core import bus_key
from owari.services.events.entries import check_size, event_of, problem_of
from owari.services.events.fanout import publish
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("events", "PutEvents")
def put_events(tx: Tx, p: Params) -> Result:
    check_size(p["Entries"], tx.limits.event_entries_max_bytes)
    results = [_put(tx, entry) for entry in p["Entries"]]
    failed = sum("ErrorCode" in result for result in results)
    return {"FailedEntryCount": failed, "Entries": results}


def _put(tx: Tx, entry: dict[str, Any]) -> dict[str, str]:
    """An event for a bus that is not there is accepted and goes nowhere, as on AWS."""
    problem = problem_of(entry, from_aws=tx.principal.endswith(".amazonaws.com"))
    if problem is not None:
        return problem
    bus = bus_key(entry.get("EventBusName"), tx.account, tx.region)
    id = tx.new_id()
    if rows.find_bus(tx, bus) is not None:
        event = event_of(entry, id, account=tx.account, region=bus.region, now=tx.now)
        publish(tx, bus, event)
    return {"EventId": id}
