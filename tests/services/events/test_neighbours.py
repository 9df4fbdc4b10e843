from __future__ import annotations

import json

from tests.services.events.driving import Bus, arn
from tests.simulation.pipeline import upload
from tests.support.server import ROLE


def test_a_file_starts_a_workflow_which_tells_a_topic(bus: Bus) -> None:
    call, queue = bus.world.call, bus.queue("q")
    topic = call("sns", "CreateTopic", Name="t")["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    call("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=raw)
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": topic, "Message.$": "$.detail.object"},
        "End": True,
    }
    definition = json.dumps({"StartAt": "Tell", "States": {"Tell": state}})
    made = call(
        "stepfunctions", "CreateStateMachine", name="m", roleArn=ROLE, definition=definition
    )
    machine = {"Id": "1", "Arn": made["stateMachineArn"], "RoleArn": ROLE}
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": ["files"]}}}
    bus.rule("r", pattern, machine)
    call("s3", "CreateBucket", Bucket="files")
    call(
        "s3",
        "PutBucketNotificationConfiguration",
        Bucket="files",
        NotificationConfiguration={"EventBridgeConfiguration": {}},
    )
    call("s3", "PutObject", Bucket="files", Key="friends.csv", Body=upload(b"a,b"))
    (told,) = bus.bodies(queue)
    assert told["key"] == "friends.csv" and told["size"] == 3


def test_a_rule_of_a_topic_reaches_its_subscribers(bus: Bus) -> None:
    queue = bus.queue("q")
    topic = bus.world.call("sns", "CreateTopic", Name="t")["TopicArn"]
    bus.world.call("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue)
    bus.rule("r", {"detail-type": ["thing"]}, {"Id": "1", "Arn": topic})
    bus.put({"n": 1})
    (envelope,) = bus.bodies(queue)
    assert json.loads(envelope["Message"])["detail"] == {"n": 1}
    assert envelope["TopicArn"] == arn("sns", "t")
