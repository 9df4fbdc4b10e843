"""Standard queues: sending, receiving, visibility, deletion, delay, retention."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest

from owari.limits import Limits
from tests.services.sqs.driving import Queues
from tests.support.world import START


def test_a_message_is_received_hidden_and_deleted(world: Queues) -> None:
    url = world.queue()
    sent = world.send(url, "hëllo")
    assert sent["MD5OfMessageBody"] == hashlib.md5("hëllo".encode()).hexdigest()
    (got,) = world.receive(url)
    assert got["Body"] == "hëllo" and got["MessageId"] == sent["MessageId"]
    assert got["MD5OfBody"] == sent["MD5OfMessageBody"] and "Attributes" not in got
    assert world.receive(url) == [] and world.counts(url) == (0, 1, 0)
    world.delete(url, got)
    world.advance(100)
    assert world.receive(url) == [] and world.counts(url) == (0, 0, 0)


def test_what_is_not_deleted_comes_again_also_after_a_crash(world: Queues) -> None:
    url = world.queue(VisibilityTimeout=10)
    world.send(url, "a")
    (first,) = world.receive(url)
    world.crash()
    world.advance(9)
    assert world.receive(url) == []
    world.advance(1)
    (second,) = world.receive(url, MessageSystemAttributeNames=["All"])
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert second["Attributes"]["ApproximateFirstReceiveTimestamp"] == str(int(START * 1000))
    world.delete(url, first)  # an old receipt: succeeds and deletes nothing
    world.advance(10)
    (third,) = world.receive(url)
    world.advance(20)
    world.delete(url, third)  # visible again, but nobody has it
    assert world.receive(url) == []


def test_messages_come_in_the_order_they_were_sent(world: Queues) -> None:
    url = world.queue()
    for number in range(25):
        world.send(url, str(number))
    assert world.bodies(url, 10) == [str(n) for n in range(10)]
    assert world.bodies(url, 1) == ["10"]
    assert world.bodies(url, 10) == [str(n) for n in range(11, 21)]
    assert world.counts(url) == (4, 21, 0)


def test_visibility_is_changed(world: Queues) -> None:
    url = world.queue()
    world.send(url)
    (got,) = world.receive(url)
    world.hide(url, got, 100)
    world.advance(99)
    assert world.receive(url) == []
    world.hide(url, got, 0)
    (got,) = world.receive(url, VisibilityTimeout=0)
    (again,) = world.receive(url)
    assert again["MessageId"] == got["MessageId"]


def test_visibility_that_cannot_be_changed(world: Queues) -> None:
    url = world.queue()
    world.send(url)
    (got,) = world.receive(url)
    change = {"QueueUrl": url, "ReceiptHandle": got["ReceiptHandle"]}
    code, message = world.refused("ChangeMessageVisibility", **change, VisibilityTimeout=43201)
    assert code == "InvalidParameterValue" and "between 0 and 43200" in message
    world.advance(10)
    code, message = world.refused("ChangeMessageVisibility", **change, VisibilityTimeout=43195)
    assert "Total VisibilityTimeout for the message is beyond the limit" in message
    world.advance(20)
    code, _ = world.refused("ChangeMessageVisibility", **change, VisibilityTimeout=5)
    assert code == "MessageNotInflight"
    world.receive(url)
    code, message = world.refused("ChangeMessageVisibility", **change, VisibilityTimeout=5)
    assert code == "InvalidParameterValue" and "not available for visibility" in message
    code, _ = world.refused("DeleteMessage", QueueUrl=url, ReceiptHandle="garbage")
    assert code == "ReceiptHandleIsInvalid"
    other = world.queue("other")
    code, _ = world.refused("DeleteMessage", QueueUrl=other, ReceiptHandle=got["ReceiptHandle"])
    assert code == "ReceiptHandleIsInvalid"


@pytest.mark.parametrize(("seq", "receives"), [("1", "9" * 30), ("-" + "9" * 30, "1")])
def test_a_handle_with_numbers_that_no_queue_has(world: Queues, seq: str, receives: str) -> None:
    url = world.queue()
    world.send(url)
    (got,) = world.receive(url)
    number, _, _, id = base64.b64decode(got["ReceiptHandle"]).decode().split(" ")
    made = base64.b64encode(f"{number} {seq} {receives} {id}".encode()).decode()
    code, _ = world.refused("DeleteMessage", QueueUrl=url, ReceiptHandle=made)
    assert code == "ReceiptHandleIsInvalid"


def test_delays_of_queue_and_message(world: Queues) -> None:
    url = world.queue(DelaySeconds=20)
    world.send(url, "queue's")
    world.send(url, "own", DelaySeconds=5)
    world.send(url, "at once", DelaySeconds=0)
    assert world.counts(url) == (1, 0, 2)
    assert world.bodies(url) == ["at once"]
    world.advance(5)
    assert world.bodies(url) == ["own"]
    world.advance(15)
    assert world.bodies(url) == ["queue's"]
    code, message = world.refused("SendMessage", QueueUrl=url, MessageBody="m", DelaySeconds=901)
    assert (code, message) == (
        "InvalidParameterValue",
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and"
        " <= 900.",
    )


def test_retention(world: Queues) -> None:
    url = world.queue(MessageRetentionPeriod=60)
    world.send(url, "old")
    world.receive(url, VisibilityTimeout=40)
    world.advance(30)
    world.send(url, "new")
    world.advance(30)
    assert world.counts(url) == (1, 0, 0)
    assert world.bodies(url) == ["new"]
    world.advance(600)
    count = world.kernel.reader.execute("SELECT COUNT(*) FROM sqs_message").fetchone()[0]
    assert count == 0, "what has expired is swept"
    sweeps = "SELECT COUNT(*) FROM effect"
    assert world.kernel.reader.execute(sweeps).fetchone()[0] == 0
    world.send(url, "later")
    assert world.kernel.reader.execute(sweeps).fetchone()[0] == 1
    assert world.bodies(url) == ["later"]


def test_system_attributes(world: Queues) -> None:
    url = world.queue()
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    sent = world.send(url, MessageSystemAttributes=system, MessageGroupId="tenant")
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32
    world.advance(2)
    (got,) = world.receive(url, AttributeNames=["All"])
    assert got["Attributes"] == {
        "SenderId": "000000000000",
        "SentTimestamp": str(int(START * 1000)),
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": str(int((START + 2) * 1000)),
        "MessageGroupId": "tenant",
        "AWSTraceHeader": trace,
    }
    world.hide(url, got, 0)
    (got,) = world.receive(url, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert got["Attributes"] == {"AWSTraceHeader": trace}


def test_in_flight_limit(world: Queues) -> None:
    world.kernel.limits = limited(world, 5)
    url = world.queue()
    for number in range(12):
        world.send(url, str(number))
    got = world.receive(url, 5)
    code, _ = world.refused("ReceiveMessage", QueueUrl=url)
    assert code == "OverLimit"
    assert world.receive(url, WaitTimeSeconds=1) == [], "a long poll waits instead"
    world.delete(url, got[0])
    assert len(world.receive(url, 1)) == 1
    world.advance(40)
    assert len(world.receive(url, 5)) == 5


def limited(world: Queues, most: int) -> Limits:
    return replace(world.kernel.limits, queue_in_flight_max=most, queue_fifo_in_flight_max=most)


def test_purge(world: Queues) -> None:
    url = world.queue()
    for _ in range(3):
        world.send(url, "old")
    (flying,) = world.receive(url, 1)
    world.sqs("PurgeQueue", url)
    assert world.counts(url) == (0, 0, 0)
    world.delete(url, flying)
    world.send(url, "new")
    assert world.bodies(url) == ["new"]
    code, message = world.refused("PurgeQueue", QueueUrl=url)
    assert code == "PurgeQueueInProgress" and "every 60 seconds" in message
    world.advance(60)
    world.sqs("PurgeQueue", url)
    world.settle()
    assert world.kernel.reader.execute("SELECT COUNT(*) FROM sqs_message").fetchone()[0] == 0


def test_a_new_queue_of_an_old_name_is_empty(world: Queues) -> None:
    url = world.queue()
    world.send(url)
    world.sqs("DeleteQueue", url)
    assert world.refused("SendMessage", QueueUrl=url, MessageBody="m")[0] == "QueueDoesNotExist"
    world.queue()
    assert world.receive(url) == []
    world.settle()
    assert world.effects() == []
