"""TestEventPattern."""

from __future__ import annotations

from owari.json_text import parsed
from owari.patterns.matching import TooManySteps, matches
from owari.services.events.event_patterns import compiled
from owari.services.events.faults import invalid_parameter
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_MEMBERS = ("id", "account", "source", "time", "region", "resources", "detail-type")


@operation("events", "TestEventPattern", reads=True)
def test_event_pattern(tx: Tx, p: Params) -> Result:
    try:
        event = parsed(p["Event"])
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise invalid_parameter("Event", "The event is not a JSON object.")
    missing = [name for name in _MEMBERS if name not in event]
    if missing:
        raise invalid_parameter("Event", f"{missing[0]} is missing from the event.")
    try:
        return {"Result": matches(compiled(p["EventPattern"]), event)}
    except TooManySteps:
        raise invalid_parameter("Event", "It has too many values to filter.") from None
