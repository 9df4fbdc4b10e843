"""Queues through boto3 on a real server: both protocols, long polls in real time, kill -9."""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.server import PATIENCE_S, Server, eventually

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("sqs") / "data") as running:
        yield running


def drain(sqs: Any, url: str) -> list[str]:
    bodies = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in found]
        entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(found)]
        answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        assert "Failed" not in answer
    return bodies


def test_errors_are_the_clients_own_exceptions(server: Server) -> None:
    sqs = server.client("sqs")
    gone = f"{server.endpoint}/000000000000/gone"
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.send_message(QueueUrl=gone, MessageBody="m")
    code = caught.value.response["Error"]["Code"]
    assert code == "AWS.SimpleQueueService.NonExistentQueue"
    url = sqs.create_queue(QueueName="errors")["QueueUrl"]
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="x")
    with pytest.raises(sqs.exceptions.InvalidAttributeValue):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "901"})
    with pytest.raises(sqs.exceptions.EmptyBatchRequest):
        sqs.send_message_batch(QueueUrl=url, Entries=[])
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName="errors", Attributes={"DelaySeconds": "1"})


def test_a_queues_url_has_the_name_its_caller_calls_us(server: Server) -> None:
    """Some SDKs send to it, from containers and other machines too."""
    port = urllib.parse.urlsplit(server.endpoint).port
    sqs = boto3.client(
        "sqs",
        endpoint_url=f"http://localhost:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    made = sqs.create_queue(QueueName="named")["QueueUrl"]
    assert made == f"http://localhost:{port}/000000000000/named"
    assert made in sqs.list_queues()["QueueUrls"]
    assert sqs.get_queue_url(QueueName="named")["QueueUrl"] == made
    other = server.client("sqs").get_queue_url(QueueName="named")["QueueUrl"]
    assert other == f"{server.endpoint}/000000000000/named"
    sqs.send_message(QueueUrl=other, MessageBody="x")
    assert drain(server.client("sqs"), made) == ["x"]


def test_the_older_protocol(server: Server) -> None:
    url = server.client("sqs").create_queue(QueueName="older")["QueueUrl"]
    credential = "Credential=test/20300101/us-east-1/sqs/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
    }

    def ask(**params: str) -> str:
        body = urllib.parse.urlencode({"Version": "2012-11-05", **params}).encode()
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
            return text

    sent = ask(Action="SendMessage", MessageBody="a <b>", QueueUrl=url)
    assert "<MessageId>" in sent and "<MD5OfMessageBody>" in sent
    got = ask(Action="ReceiveMessage", QueueUrl=url, **{"AttributeName.1": "All"})
    assert "<Body>a &lt;b&gt;</Body>" in got and "<Name>SentTimestamp</Name>" in got


def test_a_long_poll_is_answered_by_the_arrival(server: Server) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="poll")["QueueUrl"]
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        answer = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        server.client("sqs").send_message(QueueUrl=url, MessageBody="m")
        assert answer.result(PATIENCE_S)["Messages"][0]["Body"] == "m"
    assert time.monotonic() - began < 19
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=1)
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"] == "late"


def test_competing_consumers_share_and_lose_nothing(server: Server) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="many")["QueueUrl"]
    for first in range(0, 300, 10):
        entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(first, first + 10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    with ThreadPoolExecutor(4) as pool:
        taken = pool.map(lambda _n: drain(server.client("sqs"), url), range(4))
    bodies = [int(body) for share in taken for body in share]
    assert sorted(bodies) == list(range(300))


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        sqs = server.client("sqs", read_timeout=5)  # of who calls a server that is away
        url = sqs.create_queue(
            QueueName="q.fifo",
            Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"},
        )["QueueUrl"]
        acknowledged: list[int] = []
        enough = threading.Event()

        def send() -> None:
            for number in range(100_000):
                try:
                    sqs.send_message(QueueUrl=url, MessageBody=str(number), MessageGroupId="g")
                except Exception:
                    return
                acknowledged.append(number)
                if number == 40:
                    enough.set()

        sender = threading.Thread(target=send)
        sender.start()
        assert enough.wait(PATIENCE_S)
        server.kill()
        sender.join()
        server.start()
        bodies = [int(body) for body in drain(server.client("sqs"), url)]
        assert bodies == list(range(len(bodies))), "in order, without gaps"
        assert len(bodies) in (len(acknowledged), len(acknowledged) + 1)


def test_topic_bucket_function_and_machine_reach_a_queue(server: Server) -> None:
    sqs, sns, s3 = (server.client(name) for name in ("sqs", "sns", "s3"))
    url = sqs.create_queue(QueueName="all")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="from a topic")
    s3.create_bucket(Bucket="inbox")
    rule = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="inbox", NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    s3.put_object(Bucket="inbox", Key="k", Body=b"x")
    server.function("f", "def handler(event, context):\n    return {'from': 'a function'}\n")
    server.client("lambda").put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    server.client("lambda").invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": url, "MessageBody": {"from": "a machine"}},
        "End": True,
    }
    states = server.client("stepfunctions")
    machine = states.create_state_machine(
        name="m",
        definition=json.dumps({"StartAt": "T", "States": {"T": task}}),
        roleArn="arn:aws:iam::000000000000:role/m",
    )["stateMachineArn"]
    states.start_execution(stateMachineArn=machine)
    bodies: list[str] = []

    def all_came() -> bool:
        bodies.extend(drain(sqs, url))
        return len(bodies) >= 5

    eventually(all_came)
    text = "\n".join(bodies)
    expected = ("from a topic", "s3:TestEvent", "ObjectCreated:Put", "a function", "a machine")
    assert len(bodies) == 5 and all(part in text for part in expected)
