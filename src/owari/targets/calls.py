"""From a target's ARN, its parameters and an input to the call that delivers it. Pure.

Sources: EventBridge user guide, "Amazon EventBridge targets"; Scheduler user guide, "Using
templated targets".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from owari.arn import Arn, parse_arn, queue_url
from owari.effects import Call
from owari.errors import ServiceError
from owari.json_text import parsed

Json = dict[str, Any]
LOG_STREAM = "events"  # one for all: AWS makes one of a random name for each event


@dataclass(frozen=True, slots=True)
class Delivery:
    """`endpoint` is where Owari is reached: a queue's URL starts with it. `parameters` is the
    target as the service keeps it, with `SqsParameters` and the like. `id` is the event's;
    `now`, service time in epoch seconds, is what log events are stamped with."""

    arn: str
    input: str
    parameters: Json
    endpoint: str
    id: str
    now: float = 0.0


def unsupported(arn: str) -> ServiceError:
    return ServiceError("NotImplemented", f"Owari does not deliver to {arn}.", status=501)


def call_for(d: Delivery) -> Call:
    """Raises ServiceError: 501 for a kind of target Owari lacks, 400 for what it cannot be sent."""
    arn = parse_arn(d.arn)
    make = _CALLS.get((arn.service, _kind(arn))) if arn else None
    if arn is None or make is None:
        raise unsupported(d.arn)
    try:
        return make(d, arn)
    except RecursionError:
        message = "The input is nested too deeply."
        raise ServiceError("ValidationException", message, status=400) from None


def supports(text: str) -> bool:
    arn = parse_arn(text)
    return arn is not None and (arn.service, _kind(arn)) in _CALLS


def _kind(arn: Arn) -> str:
    """What kind of resource it is, where a service has several."""
    match arn.service:
        case "lambda" | "states" | "logs":
            return arn.resource.partition(":")[0]
        case "batch" | "ecs" | "events":
            return arn.resource.partition("/")[0]
        case _:
            return ""


def _function(d: Delivery, _arn: Arn) -> Call:
    payload = d.input.encode()
    params = {"FunctionName": d.arn, "InvocationType": "Event", "Payload": payload}
    return Call("lambda", "Invoke", params)


def _topic(d: Delivery, _arn: Arn) -> Call:
    return Call("sns", "Publish", {"TopicArn": d.arn, "Message": d.input})


def _queue(d: Delivery, arn: Arn) -> Call:
    params = {"QueueUrl": queue_url(d.endpoint, d.arn), "MessageBody": d.input}
    group = d.parameters.get("SqsParameters", {}).get("MessageGroupId")
    if group is not None:
        params["MessageGroupId"] = group
    if arn.resource.endswith(".fifo"):
        params["MessageDeduplicationId"] = d.id
    return Call("sqs", "SendMessage", params)


def _machine(d: Delivery, _arn: Arn) -> Call:
    params = {"stateMachineArn": d.arn, "input": d.input}
    return Call("stepfunctions", "StartExecution", params)


def _job(d: Delivery, _arn: Arn) -> Call:
    """Parameters and ContainerOverrides come from the input, where it has them."""
    settings = d.parameters.get("BatchParameters")
    if not settings:
        raise ServiceError("ValidationException", "BatchParameters are missing.", status=400)
    params: Json = {
        "jobName": settings["JobName"],
        "jobQueue": d.arn,
        "jobDefinition": settings["JobDefinition"],
    }
    if size := settings.get("ArrayProperties", {}).get("Size"):
        params["arrayProperties"] = {"size": size}
    if attempts := settings.get("RetryStrategy", {}).get("Attempts"):
        params["retryStrategy"] = {"attempts": attempts}
    given = _object(d.input)
    if isinstance(given.get("Parameters"), dict):
        params["parameters"] = {k: str(v) for k, v in given["Parameters"].items()}
    if isinstance(given.get("ContainerOverrides"), dict):
        params["containerOverrides"] = _lower(given["ContainerOverrides"])
    return Call("batch", "SubmitJob", params)


_TASK_SETTINGS = {
    "LaunchType": "launchType", "PlatformVersion": "platformVersion", "Group": "group",
    "CapacityProviderStrategy": "capacityProviderStrategy", "PropagateTags": "propagateTags",
    "PlacementConstraints": "placementConstraints", "PlacementStrategy": "placementStrategy",
    "EnableECSManagedTags": "enableECSManagedTags", "ReferenceId": "referenceId",
    "EnableExecuteCommand": "enableExecuteCommand",
}  # fmt: skip


def _task(d: Delivery, _arn: Arn) -> Call:
    """The input is the task's overrides."""
    settings = d.parameters.get("EcsParameters")
    if not settings:
        raise ServiceError("ValidationException", "EcsParameters are missing.", status=400)
    params: Json = {
        "cluster": d.arn,
        "taskDefinition": settings["TaskDefinitionArn"],
        "count": settings.get("TaskCount", 1),
    }
    params |= {
        ours: settings[theirs] for theirs, ours in _TASK_SETTINGS.items() if theirs in settings
    }
    if "NetworkConfiguration" in settings:
        params["networkConfiguration"] = _lower(settings["NetworkConfiguration"])
    if tags := settings.get("Tags"):
        params["tags"] = [{k.lower(): v for k, v in tag.items()} for tag in tags]
    overrides = _object(d.input)
    known = {"containerOverrides", "cpu", "memory", "taskRoleArn", "executionRoleArn"}
    if overrides.keys() & known:
        params["overrides"] = {k: v for k, v in overrides.items() if k in known}
    return Call("ecs", "RunTask", params)


def _bus(d: Delivery, _arn: Arn) -> Call:
    """Scheduler's: EventBridge itself passes its events on whole."""
    settings = d.parameters.get("EventBridgeParameters")
    if not settings:
        raise ServiceError("ValidationException", "EventBridgeParameters are missing.", status=400)
    entry = {
        "EventBusName": d.arn,
        "Source": settings["Source"],
        "DetailType": settings["DetailType"],
        "Detail": d.input,
    }
    return Call("events", "PutEvents", {"Entries": [entry]})


def _log_group(d: Delivery, arn: Arn) -> Call:
    """Into one stream of the group; an input of `timestamp` (ms) and `message` says both."""
    given = _object(d.input)
    message, time = d.input, round(d.now * 1000)
    if given.keys() == {"timestamp", "message"}:
        message = given["message"] if isinstance(given["message"], str) else d.input
        time = given["timestamp"] if isinstance(given["timestamp"], int) else time
    params = {
        "logGroupName": arn.resource.removeprefix("log-group:").removesuffix(":*"),
        "logStreamName": LOG_STREAM,
        "logEvents": [{"timestamp": time, "message": message}],
    }
    return Call("logs", "PutLogEvents", params)


def _object(text: str) -> Json:
    try:
        found = parsed(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _lower(value: Any) -> Any:
    """Names as the service's own API has them: EventBridge writes them with a capital."""
    if isinstance(value, dict):
        return {k[:1].lower() + k[1:]: _lower(v) for k, v in value.items()}
    return [_lower(v) for v in value] if isinstance(value, list) else value


_CALLS: dict[tuple[str, str], Callable[[Delivery, Arn], Call]] = {
    ("lambda", "function"): _function,
    ("sns", ""): _topic,
    ("sqs", ""): _queue,
    ("states", "stateMachine"): _machine,
    ("batch", "job-queue"): _job,
    ("ecs", "cluster"): _task,
    ("events", "event-bus"): _bus,
    ("logs", "log-group"): _log_group,
}
