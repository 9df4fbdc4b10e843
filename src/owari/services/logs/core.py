"""The rules of CloudWatch Logs that need neither store nor clock.

Times are milliseconds since 1970, as in the API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from owari.arn import make_arn, parse_arn
from owari.errors import ServiceError
from owari.limits import Limits

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FUTURE_MAX_MS = 2 * HOUR_MS
PAST_MAX_MS = 14 * DAY_MS
SPAN_MAX_MS = DAY_MS
TAGS_MAX = 50

# API reference, PutRetentionPolicy: "Possible values are".
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip

_GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_STREAM_NAME = re.compile(r"[^:*]{1,512}", re.DOTALL)


def bad_parameter(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)


def _bad_value(value: object, member: str, rule: str) -> ServiceError:
    return bad_parameter(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy"
        f" constraint: {rule}"
    )


def group_exists() -> ServiceError:
    return ServiceError("ResourceAlreadyExistsException", "The specified log group already exists")


def group_missing() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "The specified log group does not exist.")


def stream_exists() -> ServiceError:
    return ServiceError("ResourceAlreadyExistsException", "The specified log stream already exists")


def stream_missing() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "The specified log stream does not exist.")


def bad_token() -> ServiceError:
    return bad_parameter("The specified nextToken is invalid.")


# ---- names
def check_group_name(name: str) -> str:
    if not _GROUP_NAME.fullmatch(name):
        rule = "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
        raise _bad_value(name, "logGroupName", rule)
    return name


def check_stream_name(name: str) -> str:
    if not _STREAM_NAME.fullmatch(name):
        rule = "Member must satisfy regular expression pattern: [^:*]*"
        raise _bad_value(name, "logStreamName", rule)
    return name


def group_named(params: dict[str, Any]) -> str:
    """The log group a request means, by `logGroupName` or `logGroupIdentifier` (name or ARN)."""
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if (name is None) == (identifier is None):
        raise bad_parameter("Exactly one of logGroupName and logGroupIdentifier must be specified.")
    return check_group_name(name if name is not None else group_of(str(identifier)))


def group_of(identifier: str) -> str:
    """The name in a group's ARN (with or without `:*`); a name is returned as it is."""
    arn = parse_arn(identifier)
    if arn is None:
        return identifier
    if arn.service != "logs" or not arn.resource.startswith("log-group:"):
        raise bad_parameter("The specified ARN is not that of a log group.")
    return arn.resource.removeprefix("log-group:").removesuffix(":*")


def group_arn(account: str, region: str, name: str) -> str:
    """Without the `:*` that `arn` has in DescribeLogGroups."""
    return make_arn("logs", region, account, f"log-group:{name}")


def stream_arn(account: str, region: str, group: str, name: str) -> str:
    return f"{group_arn(account, region, group)}:log-stream:{name}"


# ---- retention
def check_retention(days: int) -> int:
    if days not in RETENTION_DAYS:
        allowed = ", ".join(str(d) for d in RETENTION_DAYS)
        rule = f"Member must satisfy enum value set: [{allowed}]"
        raise _bad_value(days, "retentionInDays", rule)
    return days


def kept_since(now_ms: int, retention_days: int | None) -> int:
    """Events before this are gone (or not accepted any more)."""
    return 0 if retention_days is None else now_ms - retention_days * DAY_MS


# ---- PutLogEvents
@dataclass(frozen=True, slots=True)
class Batch:
    """What of a PutLogEvents batch is accepted, and what it says of the rest."""

    accepted: list[tuple[int, str]]
    rejected: dict[str, int]


def batch_bytes(events: list[dict[str, Any]], limits: Limits) -> int:
    overhead = limits.log_event_overhead_bytes * len(events)
    return overhead + sum(len(event["message"].encode()) for event in events)


def check_batch(
    events: list[dict[str, Any]], now_ms: int, retention_days: int | None, limits: Limits
) -> Batch:
    """The rules of the API reference's PutLogEvents page."""
    if not 1 <= len(events) <= limits.log_batch_max_events:
        most = limits.log_batch_max_events
        rule = f"Member must have length between 1 and {most}"
        raise _bad_value(f"{len(events)} events", "logEvents", rule)
    if not all(event["message"] for event in events):
        rule = "Member must have length greater than or equal to 1"
        raise _bad_value("", "logEvents.member.message", rule)
    size = batch_bytes(events, limits)
    if size > limits.log_batch_max_bytes:
        raise bad_parameter(
            f"Upload too large: {size} bytes exceeds limit of {limits.log_batch_max_bytes}"
        )
    times = [int(event["timestamp"]) for event in events]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise bad_parameter(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    return _accept(events, times, now_ms, retention_days)


def _accept(
    events: list[dict[str, Any]], times: list[int], now_ms: int, retention_days: int | None
) -> Batch:
    too_old = sum(t < now_ms - PAST_MAX_MS for t in times)
    expired = sum(t < kept_since(now_ms, retention_days) for t in times)
    too_new = sum(t > now_ms + FUTURE_MAX_MS for t in times)
    first, end = max(too_old, expired), len(times) - too_new
    if first < end and times[end - 1] - times[first] > SPAN_MAX_MS:
        raise bad_parameter(
            "The batch of log events in a single PutLogEvents request cannot span more than"
            " 24 hours."
        )
    rejected = {
        "tooNewLogEventStartIndex": end if too_new else 0,
        "tooOldLogEventEndIndex": too_old,
        "expiredLogEventEndIndex": expired,
    }
    if not too_new:
        del rejected["tooNewLogEventStartIndex"]
    kept = [(times[n], str(events[n]["message"])) for n in range(first, max(first, end))]
    return Batch(kept, {name: n for name, n in rejected.items() if n or "New" in name})


# ---- positions
#
# Events are ordered by (timestamp, stream, number within the stream). That triple, packed into
# one number and written with AWS's 56 digits, is an event's id; tokens carry it too.

_NUMBER_BITS = 40
_STREAM_BITS = 56


@dataclass(frozen=True, slots=True, order=True)
class Position:
    timestamp: int
    stream: int = 0
    number: int = 0

    def event_id(self) -> str:
        packed = (self.timestamp << _STREAM_BITS | self.stream) << _NUMBER_BITS | self.number
        return f"{packed:056d}"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next one has what comes after (or before) `position`."""

    forward: bool
    position: Position

    def token(self) -> str:
        """AWS's form: `f/` or `b/`, 56 digits, `/s`."""
        return f"{'f' if self.forward else 'b'}/{self.position.event_id()}/s"


def parse_token(token: str) -> Cursor:
    direction, _, rest = token.partition("/")
    digits = rest.removesuffix("/s")
    if direction not in ("f", "b") or not digits.isascii() or not digits.isdigit():
        raise bad_token()
    if len(digits) != 56:
        raise bad_token()
    packed = int(digits)
    number = packed & (1 << _NUMBER_BITS) - 1
    stream = packed >> _NUMBER_BITS & (1 << _STREAM_BITS) - 1
    timestamp = packed >> _NUMBER_BITS + _STREAM_BITS
    return Cursor(direction == "f", Position(timestamp, stream, number))
