"""Presigned URLs and POST policies: how long they hold and what they allow.

See the S3 API reference, "Authenticating Requests: Using Query Parameters" and "Creating a POST
Policy".
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from owari.errors import ServiceError
from owari.wire import timestamps
from owari.wire.credential import Signed
from owari.wire.refusals import access_denied, incomplete_presigned
from owari.wire.sigv4 import parse_date

SKEW_S = 900
EXPIRES_MAX_S = 604_800


def check_expiry(signed: Signed, now: float) -> None:
    """Raises ServiceError when the URL holds no more, or not yet. `now`: epoch seconds."""
    assert signed.presigned is not None
    date, lifetime = signed.presigned
    start = parse_date(date)
    if start is None:
        raise incomplete_presigned(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        )
    if not (lifetime.isascii() and lifetime.isdigit()):
        raise incomplete_presigned("X-Amz-Expires should be a number")
    if not 0 < int(lifetime[:9]) <= EXPIRES_MAX_S:
        raise incomplete_presigned(
            "X-Amz-Expires must be less than a week (in seconds); "
            "that is, the given X-Amz-Expires must be less than 604800 seconds"
        )
    end = start + int(lifetime)
    server = timestamps.iso8601(now)
    if now > end:
        expired = {"X-Amz-Expires": lifetime, "Expires": timestamps.iso8601(end)}
        raise access_denied("Request has expired", **expired, ServerTime=server)
    if start > now + SKEW_S:
        raise access_denied("Request is not valid yet", ServerTime=server)


# ---- POST policies

# Form fields that need no condition.
_EXEMPT = frozenset(
    {
        *("bucket", "x-amz-signature", "file", "policy", "submit", "x-amz-checksum-algorithm"),
        *("awsaccesskeyid", "signature"),
    }
)


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidPolicyDocument", f"Invalid Policy: {message}", status=400)


def read_policy(text: str) -> dict[str, Any]:
    """The policy document of a form. Raises ServiceError."""
    try:
        document = orjson.loads(base64.b64decode(text))
    except (binascii.Error, ValueError):
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict) or not isinstance(document.get("conditions"), list):
        raise _invalid("Policy is missing conditions.")
    return document


def check_policy(document: dict[str, Any], fields: dict[str, str], now: float) -> None:
    """Every condition holds and every field is covered by one. `fields` by lower-case name."""
    try:
        expiration = timestamps.parse_iso8601(str(document.get("expiration")))
    except ValueError:
        raise _invalid("Invalid 'expiration' value.") from None
    if now > expiration:
        raise access_denied("Invalid according to Policy: Policy expired.")
    covered = {_check_condition(condition, fields) for condition in document["conditions"]}
    for name in fields:
        if name not in covered and name not in _EXEMPT and not name.startswith("x-ignore-"):
            raise access_denied(f"Invalid according to Policy: Extra input fields: {name}")


def _check_condition(condition: Any, fields: dict[str, str]) -> str:
    """The name of the field it is about."""
    match condition:
        case {**pairs} if len(pairs) == 1:
            [(name, value)] = pairs.items()
            return _check(condition, str(name).lower(), "eq", value, fields)
        case ["content-length-range", int(), int()]:
            return "content-length-range"
        case [str(operator), str(name), value] if name.startswith("$"):
            return _check(condition, name[1:].lower(), operator.lower(), value, fields)
        case _:
            raise _invalid(f"Invalid condition: {_shown(condition)}.")


def _check(condition: Any, name: str, operator: str, value: Any, fields: dict[str, str]) -> str:
    given = fields.get(name, "")
    match operator:
        case "eq":
            good = given == str(value)
        case "starts-with":
            good = all(part.strip().startswith(str(value)) for part in given.split(","))
            good = good if name == "content-type" else given.startswith(str(value))
        case _:
            raise _invalid(f"Invalid condition: {_shown(condition)}.")
    if not good or (name not in fields and value != ""):
        raise access_denied(
            f"Invalid according to Policy: Policy Condition failed: {_shown(condition)}"
        )
    return name


def _shown(condition: Any) -> str:
    return orjson.dumps(condition).decode()[:200]


def length_range(document: dict[str, Any]) -> tuple[int, int] | None:
    """Bytes the file may have, at least and at most."""
    for condition in document["conditions"]:
        match condition:
            case ["content-length-range", int(low), int(high)]:
                return low, high
    return None
