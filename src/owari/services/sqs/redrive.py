"""RedrivePolicy and RedriveAllowPolicy: parsed, checked, asked. Pure.

Source: SQS Developer Guide, "Using dead-letter queues in Amazon SQS"; CreateQueue.
"""

from __future__ import annotations

import json
from typing import Any

from owari.arn import parse_arn
from owari.services.sqs.core import Queue
from owari.services.sqs.faults import invalid_value

_RECEIVES_MAX = 1_000
_SOURCES_MAX = 10
_PERMISSIONS = ("allowAll", "denyAll", "byQueue")


def _parse(text: str, parameter: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise invalid_value(text, parameter, "Redrive policy is not a valid JSON map.")
    return document


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def normal_redrive_policy(text: str) -> str:
    policy = _parse(text, "RedrivePolicy")
    missing = {"deadLetterTargetArn", "maxReceiveCount"} - policy.keys()
    if missing:
        reason = f"Redrive policy does not contain mandatory attribute: {min(missing)}."
        raise invalid_value(text, "RedrivePolicy", reason)
    unknown = policy.keys() - {"deadLetterTargetArn", "maxReceiveCount"}
    if unknown:
        reason = f"Redrive policy contains an unknown attribute: {min(unknown)}."
        raise invalid_value(text, "RedrivePolicy", reason)
    receives = _receives(policy["maxReceiveCount"])
    if receives is None:
        reason = "Invalid value for maxReceiveCount: it must be between 1 and 1000."
        raise invalid_value(text, "RedrivePolicy", reason)
    target = policy["deadLetterTargetArn"]
    arn = parse_arn(target) if isinstance(target, str) else None
    if arn is None or arn.service != "sqs" or not (arn.region and arn.account and arn.resource):
        raise invalid_value(text, "RedrivePolicy", "Invalid value for deadLetterTargetArn.")
    return _compact({"deadLetterTargetArn": target, "maxReceiveCount": receives})


def _receives(value: Any) -> int | None:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 6):
        return None
    return int(text) if 1 <= int(text) <= _RECEIVES_MAX else None


def normal_allow_policy(text: str) -> str:
    policy = _parse(text, "RedriveAllowPolicy")
    permission = policy.get("redrivePermission")
    sources = policy.get("sourceQueueArns")
    if permission not in _PERMISSIONS:
        reason = "redrivePermission must be one of allowAll, denyAll, byQueue."
        raise invalid_value(text, "RedriveAllowPolicy", reason)
    if (permission == "byQueue") != (sources is not None):
        reason = "sourceQueueArns goes with redrivePermission byQueue, and only with it."
        raise invalid_value(text, "RedriveAllowPolicy", reason)
    if sources is not None and not _are_queues(sources):
        reason = f"sourceQueueArns must be 1 to {_SOURCES_MAX} ARNs of queues."
        raise invalid_value(text, "RedriveAllowPolicy", reason)
    return _compact(policy)


def _are_queues(sources: Any) -> bool:
    if not isinstance(sources, list) or not 1 <= len(sources) <= _SOURCES_MAX:
        return False
    return all(isinstance(s, str) and (a := parse_arn(s)) and a.service == "sqs" for s in sources)


def may_feed(dead: Queue, source_arn: str) -> bool:
    """Does the dead-letter queue let this queue be its source?"""
    text = dead.attributes.get("RedriveAllowPolicy")
    policy = json.loads(text) if text else {"redrivePermission": "allowAll"}
    match policy["redrivePermission"]:
        case "allowAll":
            return True
        case "byQueue":
            return source_arn in policy["sourceQueueArns"]
        case _:
            return False
