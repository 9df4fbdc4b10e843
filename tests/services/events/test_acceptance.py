"""A real server and boto3: what happens in one service reaches another through the bus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.server import ROLE, Server, eventually

TELL = "import json\ndef handler(event, context):\n    print('GOT ' + json.dumps(event))\n"


def got(server: Server, name: str) -> list[Any]:
    """What the function `name` was given."""
    try:
        group = f"/aws/lambda/{name}"
        found = server.client("logs").filter_log_events(logGroupName=group, filterPattern="GOT")
    except ClientError:
        return []
    return [json.loads(e["message"].split("GOT ", 1)[1]) for e in found["events"]]


def test_files_functions_and_workflows_tell_the_bus(tmp_path: Path) -> None:
    with Server(tmp_path / "owari") as server:
        events, s3 = server.client("events"), server.client("s3")
        tell = server.function("tell", TELL)
        pattern = {
            "$or": [
                {"source": ["aws.s3"], "detail": {"object": {"key": [{"suffix": ".csv"}]}}},
                {"source": ["lambda", "workflow"]},
            ]
        }
        events.put_rule(Name="all", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": tell}])
        s3.create_bucket(Bucket="files")
        s3.put_bucket_notification_configuration(
            Bucket="files", NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        s3.put_object(Bucket="files", Key="a.txt", Body=b"x")
        s3.put_object(Bucket="files", Key="a.csv", Body=b"x")
        (event,) = eventually(lambda: got(server, "tell"))
        assert event["detail-type"] == "Object Created"
        assert event["detail"]["object"]["key"] == "a.csv"

        server.kill()
        server.start()
        server.function("work", "def handler(event, context): return 'done'")
        bus = "arn:aws:events:us-east-1:000000000000:event-bus/default"
        server.client("lambda").put_function_event_invoke_config(
            FunctionName="work", DestinationConfig={"OnSuccess": {"Destination": bus}}
        )
        server.client("lambda").invoke(FunctionName="work", InvocationType="Event", Payload=b"{}")
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::events:putEvents",
            "Parameters": {
                "Entries": [{"Source": "workflow", "DetailType": "step", "Detail": {"n": 1}}]
            },
            "End": True,
        }
        states = server.client("stepfunctions")
        machine = states.create_state_machine(
            name="m",
            roleArn=ROLE,
            definition=json.dumps({"StartAt": "Tell", "States": {"Tell": state}}),
        )["stateMachineArn"]
        states.start_execution(stateMachineArn=machine)
        told = eventually(lambda: len(all_ := got(server, "tell")) == 3 and all_)
        kinds = {event["source"]: event["detail-type"] for event in told}
        assert kinds == {
            "aws.s3": "Object Created",
            "lambda": "Lambda Function Invocation Result - Success",
            "workflow": "step",
        }


def test_what_a_client_gets_wrong_is_said_in_awss_words(tmp_path: Path) -> None:
    with Server(tmp_path / "owari") as server:
        events = server.client("events")
        for params, code, words in (
            ({"EventPattern": "{"}, "InvalidEventPatternException", "Event pattern is not valid."),
            ({"EventPattern": '{"a":[]}'}, "InvalidEventPatternException", "Empty arrays"),
            ({"ScheduleExpression": "daily"}, "ValidationException", "ScheduleExpression is not"),
            ({}, "ValidationException", "EventPattern or ScheduleExpression"),
        ):
            with pytest.raises(ClientError, match=words) as refused:
                events.put_rule(Name="r", **params)
            assert refused.value.response["Error"]["Code"] == code
        with pytest.raises(ClientError, match="Rule r does not exist on EventBus default"):
            events.describe_rule(Name="r")
        events.put_rule(Name="r", ScheduleExpression="rate(1 day)")
        queue = "arn:aws:sqs:us-east-1:000000000000:q"
        targets = [{"Id": str(n), "Arn": queue} for n in range(6)]
        with pytest.raises(ClientError, match="LimitExceededException"):
            events.put_targets(Rule="r", Targets=targets)
        events.put_targets(Rule="r", Targets=targets[:5])
        with pytest.raises(ClientError, match="it has targets"):
            events.delete_rule(Name="r")
        for resource in ("states:{}:stateMachine:m", "batch:{}:job-queue/q", "ecs:{}:cluster/c"):
            machine = "arn:aws:" + resource.format("us-east-1:000000000000")
            with pytest.raises(ClientError, match=f"RoleArn is required for target {machine}"):
                events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": machine}])
        with pytest.raises(ClientError, match="Provided value in parameter 'action' is not"):
            events.put_permission(
                StatementId="s", Principal="111111111111", Action="events:ListRules"
            )
        stream = [{"Id": "k", "Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}]
        with pytest.raises(ClientError) as lacking:
            events.put_targets(Rule="r", Targets=stream)
        assert lacking.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
