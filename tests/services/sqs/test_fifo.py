"""FIFO queues: order per group, blocked groups, deduplication, receive attempts."""

from __future__ import annotations

import json

from owari.services.sqs.delaying import SLICE
from owari.services.sqs.duplicates import FORGOTTEN_AT_ONCE
from tests.services.sqs.driving import Queues, arn_of, redrive


def test_a_group_is_blocked_while_any_of_it_is_in_flight(world: Queues) -> None:
    url = world.queue("q.fifo")
    for body in ("a1", "b1", "a2", "b2", "a3"):
        world.put(url, body[0], body)
    first = world.receive(url, 2)
    assert [m["Body"] for m in first] == ["a1", "a2"], "as many as possible of one group"
    assert world.bodies(url, 1) == ["b1"]
    assert world.receive(url) == []
    world.delete(url, first[0])
    assert world.receive(url) == []
    world.delete(url, first[1])
    assert world.bodies(url) == ["a3"]
    world.crash()
    world.advance(30)
    assert world.bodies(url) == ["b1", "b2", "a3"], "released groups, the oldest head first"


def test_a_message_made_visible_comes_before_what_followed_it(world: Queues) -> None:
    url = world.queue("q.fifo")
    for body in ("a1", "a2", "a3"):
        world.put(url, "a", body)
    one, two = world.receive(url, 2)
    world.hide(url, one, 0)
    assert world.receive(url) == [], "a2 is still in flight"
    world.delete(url, two)
    assert world.bodies(url) == ["a1", "a3"]


def test_sequence_numbers_grow_and_are_told(world: Queues) -> None:
    url = world.queue("q.fifo", ContentBasedDeduplication="true")
    numbers = [world.send(url, str(n), MessageGroupId="g")["SequenceNumber"] for n in range(3)]
    assert sorted(numbers) == numbers and {len(n) for n in numbers} == {20}
    got = world.receive(url, MessageSystemAttributeNames=["All"])
    assert [m["Attributes"]["SequenceNumber"] for m in got] == numbers
    assert got[0]["Attributes"]["MessageGroupId"] == "g"
    assert len(got[0]["Attributes"]["MessageDeduplicationId"]) == 64


def test_deduplication_lasts_five_minutes_also_past_deletion_and_crash(world: Queues) -> None:
    url = world.queue("q.fifo")
    first = world.put(url, "g", "m")
    (got,) = world.receive(url)
    world.delete(url, got)
    world.crash()
    world.advance(299)
    again = world.put(url, "other", "m")
    assert (again["MessageId"], again["SequenceNumber"]) == (
        first["MessageId"],
        first["SequenceNumber"],
    )
    assert world.receive(url) == []
    world.advance(1)
    assert world.put(url, "g", "m")["MessageId"] != first["MessageId"]
    assert world.bodies(url) == ["m"]


def test_what_is_past_its_interval_is_forgotten_some_at_a_time(world: Queues) -> None:
    url = world.queue("q.fifo")
    for number in range(50):
        world.put(url, "g", str(number))
    world.advance(301)
    again = world.put(url, "g", "49")  # remembered still, and past its interval
    assert world.tables()["sqs_deduplication"] == 50 - FORGOTTEN_AT_ONCE
    assert world.put(url, "g", "49")["MessageId"] == again["MessageId"]
    for number in range(2):
        world.put(url, "g", f"new-{number}")
    assert world.tables()["sqs_deduplication"] == 3


def test_deduplication_within_groups_and_by_content(world: Queues) -> None:
    url = world.queue(
        "fast.fifo",
        DeduplicationScope="messageGroup",
        FifoThroughputLimit="perMessageGroupId",
        ContentBasedDeduplication="true",
    )
    for group in ("a", "b", "a"):
        world.send(url, "same", MessageGroupId=group)
    assert world.bodies(url) == ["same", "same"]


def test_what_a_fifo_queue_refuses(world: Queues) -> None:
    url = world.queue("q.fifo")
    code, message = world.refused("SendMessage", QueueUrl=url, MessageBody="m")
    assert (code, message) == (
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    )
    sent = {"QueueUrl": url, "MessageBody": "m", "MessageGroupId": "g"}
    code, message = world.refused("SendMessage", **sent)
    assert code == "InvalidParameterValue" and "ContentBasedDeduplication enabled" in message
    code, message = world.refused("SendMessage", **sent, MessageDeduplicationId="d", DelaySeconds=5)
    assert code == "InvalidParameterValue" and "not valid for this queue type" in message
    code, _ = world.refused("SendMessage", **sent, MessageDeduplicationId="sp ace")
    assert code == "InvalidParameterValue"
    plain = world.queue()
    code, _ = world.refused(
        "SendMessage", QueueUrl=plain, MessageBody="m", MessageDeduplicationId="d"
    )
    assert code == "InvalidParameterValue"


def test_a_receipt_that_has_expired_is_refused(world: Queues) -> None:
    url = world.queue("q.fifo", VisibilityTimeout=5)
    world.put(url, "g", "m")
    (got,) = world.receive(url)
    world.advance(5)
    code, message = world.refused("DeleteMessage", QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    assert code == "InvalidParameterValue" and message.endswith("The receipt handle has expired.")
    (again,) = world.receive(url)
    world.delete(url, again)
    world.delete(url, again)  # gone: succeeds


def test_a_receive_attempt_is_repeated(world: Queues) -> None:
    url = world.queue("q.fifo", VisibilityTimeout=30)
    for body in ("a1", "a2", "b1"):
        world.put(url, body[0], body)
    first = world.receive(url, 2, ReceiveRequestAttemptId="try")
    world.advance(20)
    again = world.receive(url, 2, ReceiveRequestAttemptId="try")
    assert again == first
    world.advance(20)
    assert world.bodies(url) == ["b1"], "the timeout started anew"
    world.delete(url, first[0])
    assert world.receive(url, 2, ReceiveRequestAttemptId="try") == [], "something was modified"
    world.advance(30)
    assert world.bodies(url, 2, ReceiveRequestAttemptId="try") == ["a2", "b1"]


def test_the_delay_of_a_fifo_queue_holds_for_what_it_has(world: Queues) -> None:
    url = world.queue("q.fifo", DelaySeconds=100)
    world.put(url, "a", "a1")
    world.advance(10)
    world.put(url, "a", "a2")
    assert world.receive(url) == []
    world.sqs("SetQueueAttributes", url, Attributes={"DelaySeconds": "15"})
    world.advance(5)
    assert world.bodies(url) == ["a1"]
    world.advance(30)
    assert world.bodies(url) == ["a1", "a2"]


def test_a_new_delay_reaches_very_many_messages_in_steps(world: Queues) -> None:
    url = world.queue("q.fifo", DelaySeconds=100)
    for number in range(SLICE + 5):
        world.put(url, f"g{number}", f"m{number}")
    world.sqs("SetQueueAttributes", url, Attributes={"DelaySeconds": "0"})
    assert world.counts(url) == (SLICE, 0, 5)
    world.crash()
    world.settle()
    assert world.counts(url) == (SLICE + 5, 0, 0)
    assert not world.effects()


def test_dead_letters_keep_group_and_order(world: Queues) -> None:
    url = world.with_dead_letters("q.fifo", "dead.fifo", 1)
    dead = f"{world.kernel.endpoint}/000000000000/dead.fifo"
    for body in ("a1", "a2", "b1"):
        world.put(url, body[0], body)
    world.receive(url, 3)
    world.advance(30)
    assert world.receive(url) == []
    assert world.counts(url) == (0, 0, 0) and world.counts(dead) == (3, 0, 0)
    got = world.receive(dead, MessageSystemAttributeNames=["All"])
    assert [m["Body"] for m in got] == ["a1", "a2", "b1"]
    assert got[0]["Attributes"]["DeadLetterQueueSourceArn"] == arn_of("q.fifo")
    assert got[0]["Attributes"]["MessageGroupId"] == "a"
    world.hide(dead, got[2], 0)
    world.advance(30)
    world.call("sqs", "StartMessageMoveTask", SourceArn=arn_of("dead.fifo"))
    world.settle()
    assert world.bodies(url) == ["b1", "a1", "a2"]
    assert world.counts(dead) == (0, 0, 0)


def test_a_dead_letter_queue_is_of_the_same_type(world: Queues) -> None:
    world.queue("plain")
    attributes = {"FifoQueue": "true", "RedrivePolicy": redrive("plain", 1)}
    code, message = world.refused("CreateQueue", QueueName="q.fifo", Attributes=attributes)
    assert code == "InvalidParameterValue" and "same type of queue" in message
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == arn_of("plain")
