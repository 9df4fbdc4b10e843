"""What a schedule is and may be. Pure.

Source: EventBridge Scheduler API reference, "CreateSchedule", and its user guide.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import Any

from owari.arn import make_arn, parse_arn
from owari.errors import ServiceError
from owari.json_text import is_json
from owari.message_text import made_valid
from owari.schedules.cron import Cron
from owari.schedules.errors import BadSchedule, UnknownZone
from owari.schedules.expression import At, Expression, Rate, parse
from owari.schedules.next import cron_times, next_after, zone_of
from owari.targets.calls import supports

Json = dict[str, Any]

DEFAULT_GROUP = "default"
UNIVERSAL = "aws-sdk:"
UNIVERSAL_ARN = f"arn:aws:scheduler:::{UNIVERSAL}"
START_EARLIEST_S = 300.0  # before now
READS = ("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read",
         "lookup", "discover", "validate", "batchGet", "estimate", "test", "transactGet",
         "invokeHarness")  # fmt: skip
JUST_BEFORE_S = 1e-6
MISSED_MAX = 1_000


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message, fields={"Message": message})


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message, fields={"Message": message})


def missing(message: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", message, fields={"Message": message})


def schedule_arn(account: str, region: str, group: str, name: str) -> str:
    return make_arn("scheduler", region, account, f"schedule/{group}/{name}")


def group_arn(account: str, region: str, name: str) -> str:
    return make_arn("scheduler", region, account, f"schedule-group/{name}")


# ---- settings
def checked(p: Mapping[str, Any], now: float, old_start: float | None = None) -> Json:
    """What is kept of a request, with AWS's defaults. Raises ValidationException.

    `old_start`: the StartDate it has had, which may lie in the past by now.
    """
    settings = {
        "ScheduleExpression": p["ScheduleExpression"],
        "ScheduleExpressionTimezone": p.get("ScheduleExpressionTimezone", "UTC"),
        "State": p.get("State", "ENABLED"),
        "ActionAfterCompletion": p.get("ActionAfterCompletion", "NONE"),
        "FlexibleTimeWindow": p["FlexibleTimeWindow"],
        "Target": _target(p["Target"]),
    }
    optional = ("Description", "KmsKeyArn", "StartDate", "EndDate")
    settings |= {name: p[name] for name in optional if p.get(name) is not None}
    _check_window(settings["FlexibleTimeWindow"])
    if not isinstance(expression_of(settings), At):
        _check_dates(settings, now, old_start)
    return settings


def expression_of(settings: Json) -> Expression:
    text = settings["ScheduleExpression"]
    try:
        zone_of(settings["ScheduleExpressionTimezone"])
    except UnknownZone as error:
        raise invalid(f"Invalid Schedule Expression Timezone {error}.") from None
    try:
        return parse(text, grammatical=False)
    except BadSchedule:
        raise invalid(f"Invalid Schedule Expression {text}.") from None


def _check_window(window: Json) -> None:
    if window["Mode"] == "FLEXIBLE" and "MaximumWindowInMinutes" not in window:
        raise invalid("MaximumWindowInMinutes is required when Mode is FLEXIBLE.")
    if window["Mode"] == "OFF" and "MaximumWindowInMinutes" in window:
        raise invalid("MaximumWindowInMinutes can't be set when Mode is OFF.")


def _check_dates(settings: Json, now: float, old_start: float | None) -> None:
    start, end = settings.get("StartDate"), settings.get("EndDate")
    if start is not None and start != old_start and start < now - START_EARLIEST_S:
        raise invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end is not None and end <= now:
        raise invalid("The EndDate you specify must be in the future.")
    if start is not None and end is not None and end <= start:
        raise invalid("The EndDate you specify must come after the StartDate.")


def _target(target: Json) -> Json:
    arn = target["Arn"]
    if universal_of(arn) is not None:
        _check_universal(arn, target)
    elif not supports(arn):
        raise _no_target(arn)
    elif _service_of(arn) not in _TEMPLATED:
        raise invalid(
            f"{arn} is no templated target: use a universal target, {UNIVERSAL_ARN}SERVICE:ACTION."
        )
    else:
        _check_templated(arn, target)
    defaults = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    return target | {"RetryPolicy": defaults | target.get("RetryPolicy", {})}


def _no_target(arn: str) -> ServiceError:
    if parse_arn(arn) is None:
        return invalid(f"Provided Arn is not in correct format: {arn}")
    return ServiceError("NotImplemented", f"Owari does not deliver to {arn}.", status=501)


def _service_of(arn: str) -> str:
    found = parse_arn(arn)
    return found.service if found else ""


_TEMPLATED = frozenset(("ecs", "events", "lambda", "sns", "sqs", "states"))
_NEEDED = {"ecs": "EcsParameters", "events": "EventBridgeParameters"}


def _check_templated(arn: str, target: Json) -> None:
    found = parse_arn(arn)
    assert found is not None
    needed = _NEEDED.get(found.service)
    if needed and needed not in target:
        raise invalid(f"{needed} must be specified for the target {arn}.")
    if found.service == "sqs" and found.resource.endswith(".fifo"):
        if not target.get("SqsParameters", {}).get("MessageGroupId"):
            raise invalid("MessageGroupId must be specified for a FIFO queue.")
    elif "SqsParameters" in target:
        raise invalid("SqsParameters are only allowed for FIFO queues.")
    if found.service in ("states", "events") and not is_json(target.get("Input", "{}")):
        raise invalid(f"Input must be valid JSON for the target {arn}.")


# ---- universal targets
def universal_of(arn: str) -> tuple[str, str] | None:
    """(service, action) of `arn:aws:scheduler:::aws-sdk:sqs:sendMessage`."""
    found = parse_arn(arn)
    if found is None or found.service != "scheduler" or not found.resource.startswith(UNIVERSAL):
        return None
    service, _, action = found.resource.removeprefix(UNIVERSAL).partition(":")
    return service, action


def no_service(service: str) -> ServiceError:
    return invalid(f"{service} is not a supported service for a target.")


def no_action(action: str) -> ServiceError:
    return invalid(f"{action} API is not supported")


def _check_universal(arn: str, target: Json) -> None:
    found = universal_of(arn)
    assert found is not None
    if not all(found):
        raise invalid(f"Provided Arn is not in correct format: {arn}")
    if found[1].startswith(READS):
        raise no_action(found[1])
    if not is_json(target.get("Input", "{}")):
        raise invalid(f"Input must be valid JSON for the target {arn}.")


# ---- time
def first_due(settings: Json, now: float, created: float) -> float | None:
    """A start in the future is itself a time at which it may be due."""
    start = _bounds(settings)[0]
    after = start - JUST_BEFORE_S if start is not None and start > now else now
    return due_after(settings, after, created)


def due_after(settings: Json, after: float, created: float) -> float | None:
    """None when it has no more times, or is disabled."""
    if settings["State"] == "DISABLED":
        return None
    start, end = _bounds(settings)
    due = next_after(
        expression_of(settings),
        after,
        start=created if start is None else start,
        zone=settings["ScheduleExpressionTimezone"],
    )
    return None if due is None or (end is not None and due > end) else due


def _bounds(settings: Json) -> tuple[float | None, float | None]:
    """StartDate and EndDate: a one-time schedule ignores them."""
    if isinstance(expression_of(settings), At):
        return None, None
    return settings.get("StartDate"), settings.get("EndDate")


def catch_up(settings: Json, due: float, until: float, created: float) -> tuple[float, int]:
    """The last time before `until`, and how many there were from `due` to it; of a `cron`, no
    more than MISSED_MAX are counted: the writer has other things to do."""
    expression, (_, end) = expression_of(settings), _bounds(settings)
    if end is not None:
        until = min(until, math.nextafter(end, math.inf))
    match expression:
        case Rate(seconds):
            passed = max(math.ceil((until - due) / seconds) - 1, 0)
            return due + passed * seconds, passed + 1
        case Cron():
            zone = settings["ScheduleExpressionTimezone"]
            found = takewhile(lambda at: at < until, cron_times(expression, due, zone))
            missed = [due, *islice(found, MISSED_MAX - 1)]
            last = missed[-1] if len(missed) < MISSED_MAX else _last(expression, until, zone)
            return last, len(missed)
        case _:
            return due, 1


def _last(cron: Cron, until: float, zone: str) -> float:
    """The last time before `until` of a schedule that is due often."""
    for back_s in (3_600, 86_400, 32 * 86_400, 400 * 86_400):
        times = cron_times(cron, until - back_s, zone)
        if found := list(takewhile(lambda at: at < until, islice(times, MISSED_MAX))):
            return found[-1]
    raise AssertionError("it was due a thousand times")


# ---- what is delivered
def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def input_of(target: Json, context: Mapping[str, str], account: str, region: str) -> str:
    """Scheduler's own event where the target has no input; context attributes filled in.

    Sources: Scheduler user guide, "Using templated targets", "Adding context attributes".
    """
    text: str | None = target.get("Input")
    if text is None:
        event = {
            "version": "0",
            "id": context["execution-id"],
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": account,
            "time": context["scheduled-time"],
            "region": region,
            "resources": [context["schedule-arn"]],
            "detail": "{}",
        }
        return json.dumps(event, separators=(",", ":"))
    for name, value in context.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def dead_letter_attributes(
    arn: str, target: str, error: ServiceError, condition: str, retries: int
) -> dict[str, str]:
    """Source: Scheduler user guide, "Retrieve dead-letter events"."""
    made = {
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": made_valid(error.message, 1024) or error.code,
        "RETRY_ATTEMPTS": str(retries),
        "SCHEDULE_ARN": arn,
        "TARGET_ARN": target,
        "IS_PAYLOAD_TRUNCATED": "false",
    }
    return made | ({"EXHAUSTED_RETRY_CONDITION": condition} if condition else {})
