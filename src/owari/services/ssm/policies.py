"""Parameter policies: what they say and when they are due. Pure.

Source: Systems Manager user guide, "Assigning parameter policies".
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from owari.errors import ServiceError
from owari.json_text import parsed
from owari.services.ssm.faults import invalid
from owari.services.ssm.records import PENDING, Policy

EXPIRATION, NOTIFICATION, NO_CHANGE = "Expiration", "ExpirationNotification", "NoChangeNotification"
POLICIES_MAX = 10
_UNITS_S = {"Days": 86_400.0, "Hours": 3_600.0}
_COUNT = re.compile(r"\d{1,6}")


def read_policies(text: str, now: float) -> list[Policy]:
    """Of `[{}]`, which takes policies away, none. Raises ValidationException and the policies'
    own exceptions."""
    try:
        given = parsed(text)
    except ValueError:
        given = None
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise invalid("Policies must be a JSON array of policies.")
    given = [one for one in given if one]
    if len(given) > POLICIES_MAX:
        raise ServiceError(
            "PoliciesLimitExceededException",
            "You specified more than the maximum number of allowed policies for the parameter."
            f" The maximum is {POLICIES_MAX}.",
        )
    types = [str(one.get("Type")) for one in given]
    for type in types:
        _check_type(type)
    if types.count(EXPIRATION) > 1:
        raise _incompatible("You can't specify two Expiration policies for a parameter.")
    if NOTIFICATION in types and EXPIRATION not in types:
        raise _incompatible("An ExpirationNotification policy needs an Expiration policy.")
    expires = next((_timestamp(one, now) for one in given if one["Type"] == EXPIRATION), now)
    return [
        Policy(one["Type"], json.dumps(one, separators=(",", ":")), _due(one, now, expires))
        for one in given
    ]


def renewed(policies: list[Policy], now: float) -> list[Policy]:
    """As they are once the parameter has changed: its not being changed is counted anew."""
    return [
        Policy(p.type, p.text, _due(parsed(p.text), now, now), PENDING)
        if p.type == NO_CHANGE
        else p
        for p in policies
    ]


def next_due(policies: list[Policy]) -> float | None:
    return min((p.due for p in policies if p.status == PENDING), default=None)


def _due(policy: dict[str, Any], now: float, expires: float) -> float:
    match policy["Type"]:
        case "Expiration":
            return expires
        case "ExpirationNotification":
            return max(expires - _span(policy, "Before"), now)
        case _:
            return now + _span(policy, "After")


def _attributes(policy: dict[str, Any]) -> dict[str, Any]:
    found = policy.get("Attributes")
    if not isinstance(found, dict):
        raise _bad_attribute(f"The policy {policy['Type']} has no Attributes.")
    return found


def _timestamp(policy: dict[str, Any], now: float) -> float:
    text = _attributes(policy).get("Timestamp")
    try:
        moment = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        raise _bad_attribute(f"The Timestamp {text} isn't an ISO 8601 date and time.") from None
    at = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    if at <= now:
        raise _bad_attribute(f"The Timestamp {text} isn't in the future.")
    return at


def _span(policy: dict[str, Any], name: str) -> float:
    found = _attributes(policy)
    count, unit = str(found.get(name)), _UNITS_S.get(str(found.get("Unit")))
    if not _COUNT.fullmatch(count) or int(count) < 1 or unit is None:
        raise _bad_attribute(f"{name} must be a number, and Unit one of Days and Hours.")
    return int(count) * unit


def _check_type(type: str) -> None:
    if type not in (EXPIRATION, NOTIFICATION, NO_CHANGE):
        raise ServiceError(
            "InvalidPolicyTypeException",
            "The policy type isn't supported. Parameter Store supports the following policy types:"
            f" {EXPIRATION}, {NOTIFICATION}, and {NO_CHANGE}.",
        )


def _bad_attribute(why: str) -> ServiceError:
    return ServiceError("InvalidPolicyAttributeException", why)


def _incompatible(why: str) -> ServiceError:
    return ServiceError("IncompatiblePolicyException", why)
