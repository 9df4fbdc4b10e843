"""What is sent when Lambda is finished with an event: dead letters and invocation records.

Source: Lambda developer guide, "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from owari.arn import parse_arn, queue_url
from owari.effects import Call
from owari.json_text import is_json, parsed
from owari.message_text import made_valid
from owari.services.lambda_.core import Event

ERROR_MESSAGE_MAX_BYTES = 1024
NEVER_INVOKED = 429  # the function had no concurrency, or none in time


@dataclass(frozen=True, slots=True)
class Response:
    """How the last attempt ended.

    `status_code` is 200 when the function was run, 429 when throttled, 500 on a system error.
    `payload` is the function's JSON text, None when it was not run.
    """

    status_code: int
    version: str
    payload: str | None = None
    function_error: str | None = None
    message: str = ""


def invocation_record(
    event: Event, function_arn: str, condition: str, response: Response | None, now: float
) -> dict[str, Any]:
    """The record for a destination; `function_arn` is qualified. `response` None: never tried."""
    moment = datetime.fromtimestamp(now, UTC)
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": event.invocations,
        },
        "requestPayload": orjson.Fragment(event.payload),
    }
    if response is None:
        return record
    context = {"statusCode": response.status_code, "executedVersion": response.version}
    if response.function_error:
        context["functionError"] = response.function_error
    record["responseContext"] = context
    if response.payload is not None:
        record["responsePayload"] = _embedded(response.payload)
    return record


def _embedded(text: str) -> Any:
    """JSON as it is; a custom runtime may answer what is none: that is a string."""
    return orjson.Fragment(text) if is_json(text) else text


def deliver_record(
    record: dict[str, Any], destination: str, endpoint: str, name: str, id: str
) -> Call:
    """The call that takes a record of the function `name` to its destination (destinations.py
    admits no others). `id` is the record's own."""
    text = orjson.dumps(record).decode()
    arn = parse_arn(destination)
    match arn.service if arn else "":
        case "sqs":
            return Call(
                "sqs",
                "SendMessage",
                {"QueueUrl": queue_url(endpoint, destination), "MessageBody": text},
            )
        case "sns":
            return Call("sns", "Publish", {"TopicArn": destination, "Message": text})
        case "s3":
            bucket = destination.rpartition(":")[2]
            params = {"Bucket": bucket, "Key": _key(record, name, id), "Body": text.encode()}
            return Call("s3", "PutObject", params)
        case "lambda":
            return Call(
                "lambda",
                "Invoke",
                {
                    "FunctionName": destination,
                    "InvocationType": "Event",
                    "Payload": text.encode(),
                },
            )
        case _:
            return Call("events", "PutEvents", {"Entries": [_bus_event(record, text, destination)]})


def _key(record: dict[str, Any], name: str, id: str) -> str:
    """`aws/lambda/async/NAME/2030/01/31/2030-01-31T12.00.00-ID`."""
    second = record["timestamp"][:19].replace(":", ".")
    day = second[:10].replace("-", "/")
    return f"aws/lambda/async/{name}/{day}/{second}-{id}"


def _bus_event(record: dict[str, Any], detail: str, bus: str) -> dict[str, Any]:
    context = record["requestContext"]
    outcome = "Success" if context["condition"] == "Success" else "Failure"
    return {
        "EventBusName": bus,
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {outcome}",
        "Detail": detail,
        "Resources": [bus, context["functionArn"]],
    }


def dead_letter(event: Event, target: str, response: Response | None, endpoint: str) -> Call:
    """The event itself, to the function's DeadLetterConfig; why it failed is in attributes."""
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": event.request_id},
        "ErrorCode": {
            "DataType": "Number",
            "StringValue": str(response.status_code if response else NEVER_INVOKED),
        },
    }
    message = made_valid(response.message, ERROR_MESSAGE_MAX_BYTES) if response else ""
    if message:  # an attribute may not be empty
        attributes["ErrorMessage"] = {"DataType": "String", "StringValue": message}
    arn = parse_arn(target)
    if arn is not None and arn.service == "sns":
        return Call(
            "sns",
            "Publish",
            {"TopicArn": target, "Message": event.payload, "MessageAttributes": attributes},
        )
    return Call(
        "sqs",
        "SendMessage",
        {
            "QueueUrl": queue_url(endpoint, target),
            "MessageBody": event.payload,
            "MessageAttributes": attributes,
        },
    )


def error_message(payload: str) -> str:
    """`errorMessage` of a function's error payload."""
    try:
        value = parsed(payload)
    except ValueError:
        return payload
    found = value.get("errorMessage") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
