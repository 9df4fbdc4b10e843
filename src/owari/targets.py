"""What it means to send something to a target: an ARN, a text and parameters give a `Call`. Pure.

EventBridge's rules and Scheduler's templated targets speak of targets in the same terms.
Sources: EventBridge API reference, `Target`; Scheduler API reference, `Target`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from owari.arn import Arn, parse_arn
from owari.effects import Call

_TASK_OVERRIDES = (
    *("containerOverrides", "cpu", "memory", "executionRoleArn", "taskRoleArn"),
    *("ephemeralStorage", "inferenceAcceleratorOverrides"),
)


class NoSuchTarget(ValueError):
    """Owari has no service that this ARN names a target of."""


class BadInput(ValueError):
    """The input is not what this kind of target takes."""


def kind_of(arn: str) -> str | None:
    """The kind of a target, e.g. `lambda`; None when Owari has none such."""
    parsed = parse_arn(arn)
    if parsed is None:
        return None
    return next((kind for kind, test in _KINDS.items() if test(parsed)), None)


def call_to(target: Mapping[str, Any], text: str, *, endpoint: str, now: float) -> Call:
    """The call that delivers `text`; `target` is as PutTargets and CreateSchedule take it.

    `endpoint` is where Owari is reached, `now` in epoch seconds. Raises NoSuchTarget, BadInput.
    """
    arn = target["Arn"]
    match kind_of(arn):
        case "lambda":
            params = {"FunctionName": arn, "InvocationType": "Event", "Payload": text.encode()}
            return Call("lambda", "Invoke", params)
        case "sns":
            return Call("sns", "Publish", {"TopicArn": arn, "Message": text})
        case "sqs":
            return _to_queue(target, text, endpoint)
        case "states":
            return Call("stepfunctions", "StartExecution", {"stateMachineArn": arn, "input": text})
        case "batch":
            return _to_job_queue(target, text)
        case "ecs":
            return _to_cluster(target, text)
        case "logs":
            return _to_log_group(arn, text, now)
        case "events":
            return _to_bus(target, text)
        case _:
            raise NoSuchTarget(arn)


_KINDS: dict[str, Callable[[Arn], bool]] = {
    "lambda": lambda a: a.service == "lambda" and a.resource.startswith("function:"),
    "sns": lambda a: a.service == "sns" and ":" not in a.resource,
    "sqs": lambda a: a.service == "sqs",
    "states": lambda a: a.service == "states" and a.resource.startswith("stateMachine:"),
    "batch": lambda a: a.service == "batch" and a.resource.startswith("job-queue/"),
    "ecs": lambda a: a.service == "ecs" and a.resource.startswith("cluster/"),
    "logs": lambda a: a.service == "logs" and a.resource.startswith("log-group:"),
    "events": lambda a: a.service == "events" and a.resource.startswith("event-bus/"),
}


def queue_url(endpoint: str, arn: str) -> str:
    parsed = parse_arn(arn)
    assert parsed is not None, arn
    return f"{endpoint}/{parsed.account}/{parsed.resource}"


def _to_queue(target: Mapping[str, Any], text: str, endpoint: str) -> Call:
    params = {"QueueUrl": queue_url(endpoint, target["Arn"]), "MessageBody": text}
    group = target.get("SqsParameters", {}).get("MessageGroupId")
    if group is not None:
        params["MessageGroupId"] = group
    return Call("sqs", "SendMessage", params)


def _to_job_queue(target: Mapping[str, Any], text: str) -> Call:
    """The input may bring `Parameters` and `ContainerOverrides` (Batch user guide, "Passing event
    information to an AWS Batch target using the EventBridge input transformer")."""
    given = target.get("BatchParameters", {})
    params: dict[str, Any] = {
        "jobName": given.get("JobName"),
        "jobQueue": target["Arn"],
        "jobDefinition": given.get("JobDefinition"),
    }
    if (size := given.get("ArrayProperties", {}).get("Size")) is not None:
        params["arrayProperties"] = {"size": size}
    if (attempts := given.get("RetryStrategy", {}).get("Attempts")) is not None:
        params["retryStrategy"] = {"attempts": attempts}
    told = {name[:1].lower() + name[1:]: value for name, value in _object(text).items()}
    if isinstance(told.get("parameters"), dict):
        params["parameters"] = {k: _plain(v) for k, v in told["parameters"].items()}
    if isinstance(told.get("containerOverrides"), dict):
        params["containerOverrides"] = _lower(told["containerOverrides"])
    return Call("batch", "SubmitJob", params)


def _to_cluster(target: Mapping[str, Any], text: str) -> Call:
    given = dict(target.get("EcsParameters", {}))
    params: dict[str, Any] = {
        "cluster": target["Arn"],
        "taskDefinition": given.pop("TaskDefinitionArn", None),
        "count": given.pop("TaskCount", 1),
        **_lower(given),
    }
    overrides = {k: v for k, v in _object(text).items() if k in _TASK_OVERRIDES}
    if overrides:
        params["overrides"] = overrides
    return Call("ecs", "RunTask", params)


def _to_log_group(arn: str, text: str, now: float) -> Call:
    """Into one stream of the group; a template gives `timestamp` (ms) and `message`."""
    parsed = parse_arn(arn)
    assert parsed is not None, arn
    message, time = text, round(now * 1000)
    try:
        told = _object(text)
    except BadInput:
        told = {}
    if told.keys() == {"timestamp", "message"}:
        message = _plain(told["message"])
        time = told["timestamp"] if isinstance(told["timestamp"], int) else time
    return Call(
        "logs",
        "PutLogEvents",
        {
            "logGroupName": parsed.resource.removeprefix("log-group:").removesuffix(":*"),
            "logStreamName": LOG_STREAM,
            "logEvents": [{"timestamp": time, "message": message}],
        },
    )


LOG_STREAM = "events"  # one for all: AWS makes one of a random name for each event


def _to_bus(target: Mapping[str, Any], text: str) -> Call:
    """As Scheduler does it: its parameters name the source and the kind of the event."""
    given = target.get("EventBridgeParameters", {})
    entry = {
        "EventBusName": target["Arn"],
        "Source": given.get("Source"),
        "DetailType": given.get("DetailType"),
        "Detail": text,
    }
    return Call("events", "PutEvents", {"Entries": [entry]})


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput("The input is not JSON.") from None
    return found if isinstance(found, dict) else {}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _lower(value: Any) -> Any:
    """Members as Batch and ECS spell them: `TaskCount` is `taskCount`."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower(item) for name, item in value.items()}
    return [_lower(item) for item in value] if isinstance(value, list) else value
