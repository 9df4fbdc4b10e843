"""Events that a rule sends on to another bus: the same event, with its own id and account.

Source: EventBridge user guide, "Sending and receiving events between event buses": what came from
another bus is not sent on to a third.
"""

from __future__ import annotations

import json

from owari.effects import Report
from owari.services.events import rows
from owari.services.events.core import bus_key
from owari.services.events.delivery import settle
from owari.services.events.fanout import publish
from owari.services.events.faults import no_bus
from owari.store.tx import Tx
from owari.wire.operation import reaction


@reaction("events", "forward")
def on_forward_due(tx: Tx, report: Report) -> None:
    told = report.result or {}
    bus = bus_key(told["bus"], tx.account, tx.region)
    if rows.find_bus(tx, bus) is None:
        settle(tx, report, no_bus(bus.name))
        return
    event = json.loads(told["event"]) | {"region": bus.region}
    publish(tx, bus, event, forwarded=True)
    settle(tx, report, None)
