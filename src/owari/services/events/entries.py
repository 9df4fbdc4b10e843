"""What PutEvents is given: each entry is checked by itself, and becomes an event. Pure.

Source: EventBridge API reference, PutEvents; user guide, "Handling failures when adding events".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.json_text import is_deeper, parsed
from owari.services.events.core import make_event
from owari.services.events.faults import validation
from owari.services.events.inputs import compact

_NEEDED = ("Source", "DetailType", "Detail")
_TIME_BYTES = 14
DEPTH_MAX = 500  # ours: AWS tells none
TIME_MAX = 253_402_300_800  # the year 10000


def check_size(entries: list[dict[str, Any]], most: int) -> None:
    if sum(size_of(entry) for entry in entries) > most:
        raise validation("Total size of the entries in the request is over the limit.")


def size_of(entry: Mapping[str, Any]) -> int:
    """As AWS counts it: "Calculating PutEvents event entry size"."""
    texts = [entry.get(name) or "" for name in _NEEDED]
    size = sum(len(text.encode()) for text in (*texts, *entry.get("Resources", ())))
    return size + (_TIME_BYTES if "Time" in entry else 0)


def problem_of(entry: Mapping[str, Any], *, from_aws: bool) -> dict[str, str] | None:
    """ErrorCode and ErrorMessage; None for a good entry. `from_aws`: a service puts it."""
    for name in _NEEDED:
        if not entry.get(name):
            reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
    if not isinstance(_detail(entry), dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    if not 0 <= entry.get("Time", 0) < TIME_MAX:
        return {"ErrorCode": "InvalidArgument", "ErrorMessage": "Parameter Time is not valid."}
    if entry["Source"].startswith("aws.") and not from_aws:
        reason = "Not authorized for the source."
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": reason}
    return None


def event_of(
    entry: Mapping[str, Any], id: str, *, account: str, region: str, now: float
) -> dict[str, Any]:
    """The event a good entry is."""
    time = entry.get("Time")
    return make_event(
        id,
        entry["Source"],
        entry["DetailType"],
        _detail(entry),
        account=account,
        region=region,
        time=now if time is None else time,
        resources=list(entry.get("Resources", ())),
    )


def _detail(entry: Mapping[str, Any]) -> Any:
    """None for what is no JSON, none that can be written again (half of a surrogate pair), or
    nested so deeply that whoever gets the event might not read it."""
    text: str = entry["Detail"]
    try:
        found = parsed(text)
        compact(found).encode()
    except (ValueError, RecursionError):  # of writing it
        return None
    return None if is_deeper(text, found, DEPTH_MAX) else found
