"""Recorded refusals and TestState calls, made through boto3."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from tests.parity.executions import Found, cut
from tests.parity.reasons import reason_for
from tests.parity.stage import Row, Stage
from tests.services.stepfunctions.recorded import loads_object, same
from tests.support.server import ROLE


def _call(client: Any, operation: str, request: dict[str, Any]) -> Any:
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
    given = dict(request)
    if isinstance(given.get("definition"), dict):
        given["definition"] = json.dumps(given["definition"])
    try:
        return getattr(client, snake)(**given)
    except (ClientError, ParamValidationError) as error:
        return error


# A recorded call is sometimes the one before the one that was refused; its key tells which.
def _refused(client: Any, key: str, made: dict[str, Any], request: dict[str, Any]) -> Any:
    arn = made["stateMachineArn"]
    match key:
        case "list-executions-invalid-param-too-large":
            return _call(client, "ListExecutions", {"stateMachineArn": arn, "maxResults": 1001})
        case "list-executions-invalid-param-long-nextToken":
            token = {"nextToken": "x" * 3097}
            return _call(client, "ListExecutions", {"stateMachineArn": arn, **token})
        case "list_executions_error":
            return _call(client, "ListExecutions", {"stateMachineArn": arn})
        case "start_sync_execution_error":
            return _call(client, "StartSyncExecution", {"stateMachineArn": arn})
    run = client.start_execution(stateMachineArn=arn)["executionArn"]
    operation = "".join(part.capitalize() for part in key.removesuffix("_error").split("_"))
    return _call(client, operation, {"executionArn": run})


def compare_error(stage: Stage, at: int, row: Row) -> Found:
    found = Found(f"{at} {row['key']}", "errors")
    client = stage.client("stepfunctions")
    request = dict(row["request"])
    if "stateMachineArn" in request:
        _some_machine(client, request["stateMachineArn"].rpartition(":")[2])
        request["stateMachineArn"] = _own(stage, request["stateMachineArn"])
    aws = row["aws"]
    if not isinstance(aws, str):  # otherwise it is the SDK that refuses
        request = {key: value for key, value in request.items() if value is not None}
    _groups(stage, row)
    request = json.loads(json.dumps(request).replace(":000000000000:", f":{stage.account}:"))
    ours = _call(client, row["op"], request)
    if isinstance(ours, dict) and (row.get("note") or "").startswith("fallback"):
        ours = _refused(client, row["key"], ours, request)
    expected, actual = _told(aws), _told(ours)
    found.marks["result"] = same(expected, actual)
    if not found.marks["result"]:
        found.why.append(f"{expected} / {actual}")
    return found


def _own(stage: Stage, arn: str) -> str:
    return arn.replace(":000000000000:", f":{stage.account}:")


def _some_machine(client: Any, name: str) -> None:
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    client.create_state_machine(name=name, definition=definition, roleArn=ROLE)


def _groups(stage: Stage, row: Row) -> None:
    if "not found" in json.dumps(row["aws"]):
        return
    for place in (row["request"].get("loggingConfiguration") or {}).get("destinations") or ():
        name = place["cloudWatchLogsLogGroup"]["logGroupArn"].split(":")[6]
        if stage.once(f"group {name}"):
            stage.client("logs").create_log_group(logGroupName=name)


def _told(answer: Any) -> Any:
    """Code and message of a refusal, or the answer without its metadata."""
    match answer:
        case ClientError():
            error = answer.response["Error"]
            return {"Code": error["Code"], "Message": error["Message"]}
        case ParamValidationError():
            return str(answer).replace("\\n", "\n")
        case {"Error": {"Code": code, "Message": message}}:
            return {"Code": code, "Message": message}
        case {"exception_typename": code, "exception_value": value}:
            return {"Code": code, "Message": value.partition("operation: ")[2]}
        case dict():
            return {k: v for k, v in answer.items() if k != "ResponseMetadata"}
        case _:
            return answer


def compare_test_state(stage: Stage, at: int, row: Row) -> Found:
    found = Found(f"{at} {row['test'].split('::')[-1]}", "TestState")
    found.known = reason_for(row)
    if "mock" not in row["request"]:
        stage.echo(row["request"])
    ours = _call(stage.client("stepfunctions"), "TestState", row["request"])
    expected, actual = _told(row["aws"]), _told(ours)
    if isinstance(actual, dict) and "inspectionData" in actual:
        data = actual["inspectionData"]
        actual["inspectionData"] = {k: loads_object(v) for k, v in data.items()}
    actual = {k: loads_object(v) for k, v in actual.items()}
    found.marks["result"] = same(cut(expected, set()), cut(actual, set()))
    if not found.marks["result"]:
        found.why.append(f"{expected} / {actual}")
    return found
