"""Dead-letter queues and the way back."""

from __future__ import annotations

import json

from tests.services.sqs.driving import Queues, arn_of, redrive
from tests.support.world import START

DEAD = arn_of("dead")


def url_of(world: Queues, name: str) -> str:
    return f"{world.kernel.endpoint}/000000000000/{name}"


def bury(world: Queues, url: str, *bodies: str) -> None:
    """Have messages fail once too often; the queue admits one receive."""
    for body in bodies:
        world.send(url, body)
    world.receive(url)
    world.advance(30)
    assert world.receive(url) == []


def test_after_max_receive_count_a_message_moves(world: Queues) -> None:
    url = world.with_dead_letters("q", "dead", 2)
    sent = world.send(url, "poison")
    for _ in range(2):
        assert world.bodies(url) == ["poison"]
        world.crash()
        world.advance(30)
    assert world.receive(url) == []
    (got,) = world.receive(url_of(world, "dead"), MessageSystemAttributeNames=["All"])
    assert got["MessageId"] == sent["MessageId"]
    assert got["Attributes"]["ApproximateReceiveCount"] == "3"
    assert got["Attributes"]["SentTimestamp"] == str(int(START * 1000)), "keeps its age"
    assert got["Attributes"]["DeadLetterQueueSourceArn"] == arn_of("q")
    assert world.counts(url) == (0, 0, 0)


def test_dead_ones_do_not_take_the_place_of_the_living(world: Queues) -> None:
    url = world.with_dead_letters("q", "dead", 1)
    for number in range(30):
        world.send(url, f"dead{number}")
    for _ in range(3):
        world.receive(url)
    world.send(url, "alive", DelaySeconds=31)
    world.advance(31)
    assert world.bodies(url) == ["alive"]
    assert world.counts(url_of(world, "dead")) == (30, 0, 0)


def test_without_its_dead_letter_queue_a_message_stays(world: Queues) -> None:
    url = world.with_dead_letters("q", "dead", 1)
    world.send(url, "m")
    world.receive(url)
    world.sqs("DeleteQueue", url_of(world, "dead"))
    world.advance(30)
    assert world.bodies(url) == ["m"]


def test_policies_are_checked(world: Queues) -> None:
    world.queue("dead", RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
    cases = {
        "nonsense": "not a valid JSON map",
        "{}": "mandatory attribute",
        redrive("dead", 0): "maxReceiveCount",
        redrive("dead", 1001): "maxReceiveCount",
        redrive("nowhere", 1): "does not exist",
        redrive("dead", 1): "does not admit",
        json.dumps({"deadLetterTargetArn": "x", "maxReceiveCount": 1}): "deadLetterTargetArn",
    }
    for policy, why in cases.items():
        code, message = world.refused(
            "CreateQueue", QueueName="q", Attributes={"RedrivePolicy": policy}
        )
        assert code == "InvalidParameterValue" and why in message, policy
    only = {"redrivePermission": "byQueue", "sourceQueueArns": [arn_of("q")]}
    world.sqs(
        "SetQueueAttributes",
        url_of(world, "dead"),
        Attributes={"RedriveAllowPolicy": json.dumps(only)},
    )
    url = world.queue("q", RedrivePolicy=redrive("dead", 5))
    assert json.loads(world.attributes(url)["RedrivePolicy"])["maxReceiveCount"] == 5
    world.sqs("SetQueueAttributes", url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in world.attributes(url)
    for bad in ({}, {"redrivePermission": "byQueue"}, {**only, "redrivePermission": "allowAll"}):
        code, _ = world.refused(
            "CreateQueue", QueueName="p", Attributes={"RedriveAllowPolicy": json.dumps(bad)}
        )
        assert code == "InvalidParameterValue"


def test_sources_are_listed(world: Queues) -> None:
    world.queue("dead")
    for name in "abc":
        world.queue(name, RedrivePolicy=redrive("dead", 1))
    dead = url_of(world, "dead")
    first = world.sqs("ListDeadLetterSourceQueues", dead, MaxResults=2)
    assert first["queueUrls"] == [url_of(world, "a"), url_of(world, "b")]
    rest = world.sqs("ListDeadLetterSourceQueues", dead, MaxResults=2, NextToken=first["NextToken"])
    assert rest == {"queueUrls": [url_of(world, "c")]}


def test_dead_letters_go_back_to_where_they_came_from(world: Queues) -> None:
    world.queue("dead")
    sources = {n: world.queue(n, RedrivePolicy=redrive("dead", 1)) for n in "ab"}
    for name, url in sources.items():
        bury(world, url, *(f"{name}{n}" for n in range(3)))
    world.call("sqs", "StartMessageMoveTask", SourceArn=DEAD)
    world.crash()
    world.settle()
    for name, url in sources.items():
        got = world.receive(url, MessageSystemAttributeNames=["All"])
        assert [m["Body"] for m in got] == [f"{name}{n}" for n in range(3)]
        assert {m["Attributes"]["ApproximateReceiveCount"] for m in got} == {"1"}
        assert all("DeadLetterQueueSourceArn" not in m["Attributes"] for m in got)
    (task,) = world.call("sqs", "ListMessageMoveTasks", SourceArn=DEAD)["Results"]
    assert task["Status"] == "COMPLETED" and "TaskHandle" not in task
    assert task["ApproximateNumberOfMessagesMoved"] == 6
    assert task["ApproximateNumberOfMessagesToMove"] == 6


def test_a_rate_is_kept_and_a_task_cancelled(world: Queues) -> None:
    url = world.with_dead_letters("q", "dead", 1)
    world.queue("other")
    bury(world, url, *"abcdefghij")
    begun = {"SourceArn": DEAD, "DestinationArn": arn_of("other")}
    handle = world.call("sqs", "StartMessageMoveTask", **begun, MaxNumberOfMessagesPerSecond=2)[
        "TaskHandle"
    ]
    world.advance(2.5)
    assert world.counts(url_of(world, "other")) == (6, 0, 0)
    code, message = world.refused("StartMessageMoveTask", **begun)
    assert code == "InvalidParameterValue" and "already a task running" in message
    (task,) = world.call("sqs", "ListMessageMoveTasks", SourceArn=DEAD)["Results"]
    assert (task["Status"], task["TaskHandle"]) == ("RUNNING", handle)
    answer = world.call("sqs", "CancelMessageMoveTask", TaskHandle=handle)
    assert answer == {"ApproximateNumberOfMessagesMoved": 6}
    world.advance(60)
    assert world.counts(url_of(world, "dead")) == (4, 0, 0)
    assert world.refused("CancelMessageMoveTask", TaskHandle=handle)[0] == "InvalidParameterValue"
    world.call("sqs", "StartMessageMoveTask", **begun)
    world.settle()
    assert world.counts(url_of(world, "other")) == (10, 0, 0)
    tasks = world.call("sqs", "ListMessageMoveTasks", SourceArn=DEAD, MaxResults=10)["Results"]
    assert [task["Status"] for task in tasks] == ["COMPLETED", "CANCELLED"]


def test_tasks_that_cannot_be(world: Queues) -> None:
    world.queue("plain")
    world.with_dead_letters("q", "dead", 1)
    code, message = world.refused("StartMessageMoveTask", SourceArn=arn_of("plain"))
    assert code == "InvalidParameterValue" and "Dead Letter Queue" in message
    for params in (
        {"SourceArn": arn_of("nowhere")},
        {"SourceArn": "nonsense"},
        {"SourceArn": DEAD, "DestinationArn": arn_of("nowhere")},
    ):
        assert world.refused("StartMessageMoveTask", **params)[0] == "ResourceNotFoundException"
    code, _ = world.refused(
        "StartMessageMoveTask", SourceArn=DEAD, MaxNumberOfMessagesPerSecond=501
    )
    assert code == "InvalidParameterValue"
    world.queue("other.fifo")
    code, message = world.refused(  # a message without a group could never be received there
        "StartMessageMoveTask", SourceArn=DEAD, DestinationArn=arn_of("other.fifo")
    )
    assert code == "InvalidParameterValue" and "same type" in message
    for handle in ("nonsense", "e30="):
        code, _ = world.refused("CancelMessageMoveTask", TaskHandle=handle)
        assert code == "ResourceNotFoundException"


def test_tasks_go_with_their_queue(world: Queues) -> None:
    world.with_dead_letters("q", "dead", 1)
    for _ in range(12):
        world.call("sqs", "StartMessageMoveTask", SourceArn=DEAD)
        world.settle()
    kept = world.kernel.reader.execute("SELECT COUNT(*) FROM sqs_move_task").fetchone()[0]
    assert kept == 10
    world.sqs("DeleteQueue", url_of(world, "dead"))
    world.queue("dead")
    assert world.call("sqs", "ListMessageMoveTasks", SourceArn=DEAD) == {"Results": []}


def test_a_letter_nobody_knows_the_source_of_fails_the_task(world: Queues) -> None:
    world.with_dead_letters("q", "dead", 1)
    world.send(url_of(world, "dead"), "direct")
    world.call("sqs", "StartMessageMoveTask", SourceArn=DEAD)
    world.settle()
    (task,) = world.call("sqs", "ListMessageMoveTasks", SourceArn=DEAD)["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert world.counts(url_of(world, "dead")) == (1, 0, 0)
