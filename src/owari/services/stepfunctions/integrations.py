"""Service integrations: the operation a Task's resource means, its result, its errors.

Optimized integrations (`sns:publish`) give HTTP metadata with the result and name errors the
way the first Java SDK did; SDK integrations (`aws-sdk:sns:publish`) do neither.
AWS: "Integrating optimized services with Step Functions".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from owari.errors import ServiceError
from owari.services.stepfunctions import sdk
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.asl.resource import LAMBDA, Resource
from owari.services.stepfunctions.sdk import Target
from owari.wire.sdk_input import ParameterError, as_in_java

SDK = "aws-sdk:"


@dataclass(frozen=True, slots=True)
class Optimized:
    """`prefix` of error names, `service` in their causes; `actions` there are."""

    prefix: str
    service: str
    actions: frozenset[str]
    metadata: bool = True


def _optimized(prefix: str, service: str, actions: str, *, metadata: bool = True) -> Optimized:
    return Optimized(prefix, service, frozenset(actions.split()), metadata)


OPTIMIZED = {
    "lambda": _optimized("Lambda", "AWSLambda", "invoke"),
    "sns": _optimized("SNS", "AmazonSNS", "publish"),
    "sqs": _optimized("SQS", "AmazonSQS", "sendMessage"),
    "dynamodb": _optimized("DynamoDB", "AmazonDynamoDBv2", "getItem putItem updateItem deleteItem"),
    "states": _optimized("StepFunctions", "AWSStepFunctions", "startExecution"),
    "events": _optimized("EventBridge", "AmazonEventBridge", "putEvents", metadata=False),
    "batch": _optimized("Batch", "AWSBatch", "submitJob"),
    "ecs": _optimized("ECS", "AmazonECS", "runTask"),
}


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a task failed."""

    error: str
    cause: str


def target_of(resource: Resource) -> Target | Failed:
    if resource.kind == LAMBDA:
        return _known("lambda", "invoke", "Lambda")
    if resource.service.startswith(SDK):
        name = resource.service.removeprefix(SDK)
        found = sdk.find(name, resource.action)
        return found or _unknown(resource)
    optimized = OPTIMIZED.get(resource.service)
    if optimized is None or resource.action not in optimized.actions:
        return _unknown(resource)
    return _known(resource.service, resource.action, optimized.prefix)


def _known(service: str, action: str, prefix: str) -> Target:
    found = sdk.find(service, action)
    assert found is not None, f"{service}:{action} is not in the models"
    return Target(found.service, found.operation, prefix, found.model)


def _unknown(resource: Resource) -> Failed:
    return Failed("States.TaskFailed", f"Owari has no integration {resource.arn}.")


def call_params(resource: Resource, target: Target, parameters: str) -> dict[str, Any] | Failed:
    """The operation's parameters, from the JSON text of the Task's."""
    if resource.kind == LAMBDA:
        return {"FunctionName": resource.arn, "Payload": parameters.encode()}
    given = loads(parameters)
    try:
        made: dict[str, Any] = sdk.to_boto(target.model.input, given)
    except ParameterError as error:
        return Failed(f"{target.prefix}.ValidationException", str(error))
    if target.service == "lambda" and "Payload" in made:
        made["Payload"] = dumps(given["Payload"]).encode()  # a string is a JSON value here
    return made


# ---- results
def output_of(resource: Resource, target: Target, result: dict[str, Any], request: str) -> Any:
    """What the Task has as its result; Failed when a result says so."""
    if resource.kind == LAMBDA:
        return _payload(result)
    if target.service == "lambda" and not resource.service.startswith(SDK):
        return _invoked(result, request)
    optimized = OPTIMIZED.get(resource.service)
    made = sdk.from_boto(target.model.output, result, optimized=optimized is not None)
    if resource.service == "events" and made.get("FailedEntryCount"):
        return Failed("EventBridge.FailedEntry", dumps(made))
    if optimized is not None and optimized.metadata:
        made |= _metadata(200, len(dumps(made)), request)
    return made


def _payload(result: dict[str, Any]) -> Any:
    """A function's own answer, or its error. A custom runtime's may be no JSON: it is a string."""
    text = bytes(result.get("Payload") or b"null").decode("utf-8", "replace")
    try:
        told = loads(text)
    except ValueError:
        told = text
    if not result.get("FunctionError"):
        return told
    kind = told.get("errorType") if isinstance(told, dict) else None
    return Failed(kind or "Lambda.Unknown", text)


def _invoked(result: dict[str, Any], request: str) -> Any:
    payload = _payload(result)
    if isinstance(payload, Failed):
        return payload
    return {
        "ExecutedVersion": result.get("ExecutedVersion", "$LATEST"),
        "Payload": payload,
        **_metadata(200, len(result.get("Payload") or b""), request),
        "StatusCode": result.get("StatusCode", 200),
    }


def _metadata(status: int, length: int, request: str) -> dict[str, Any]:
    headers = {
        "Connection": "keep-alive",
        "Content-Length": str(length),
        "Content-Type": "application/json",
        "x-amzn-RequestId": request,
    }
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": status,
        },
        "SdkResponseMetadata": {"RequestId": request},
    }


# ---- errors
def failure_of(resource: Resource, target: Target, error: ServiceError, request: str) -> Failed:
    name = error.code.rpartition(".")[2].rpartition("#")[2]
    spelled = name if name.endswith("Exception") else f"{name}Exception"
    status = error.status or sdk.status_of(target, error.code)
    optimized = OPTIMIZED.get("lambda" if resource.kind == LAMBDA else resource.service)
    if optimized is None:
        spelled = as_in_java(spelled)
        tail = f"(Service: {target.prefix}, Status Code: {status}, Request ID: {request}"
        tail += f", Extended Request ID: {request})" if target.service == "s3" else ")"
        if target.service != "s3":
            tail += " (SDK Attempt Count: 1)"
        return Failed(f"{target.prefix}.{spelled}", f"{error.message} {tail}")
    if error.code == "InvalidAddress":  # the SDK calls the queue's own host, and finds none
        host = urlsplit(error.message.split()[2]).hostname
        cause = f"Unable to execute HTTP request: {host}: Name or service not known"
        return Failed(f"{optimized.prefix}.SdkClientException", cause)
    cause = (
        f"{error.message} (Service: {optimized.service}; Status Code: {status};"
        f" Error Code: {name}; Request ID: {request}; Proxy: null)"
    )
    return Failed(f"{optimized.prefix}.{spelled}", cause)
