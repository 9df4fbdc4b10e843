"""Long polls: answered by what arrives, in simulated time."""

from __future__ import annotations

from typing import Any

import pytest

from owari.kernel import Context
from tests.services.sqs.driving import Queues
from tests.support.world import ACCOUNT, REGION, START


class Poll:
    """A ReceiveMessage that was begun and may be answered later."""

    def __init__(self, world: Queues, url: str, wait_s: int = 20, **params: Any) -> None:
        self.world = world
        self.answers: list[tuple[float, Any, Any]] = []
        context = Context(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:root", "r", "t")
        asked = {"QueueUrl": url, "WaitTimeSeconds": wait_s, **params}
        work = world.kernel.operation_work(
            context,
            "sqs",
            "ReceiveMessage",
            asked,
            lambda result, error: self.answers.append((world.clock.now() - START, result, error)),
        )
        world.kernel.submit(work)
        while world.turn():
            pass

    @property
    def outcome(self) -> tuple[float, list[str]]:
        """After how many seconds which bodies came."""
        ((at, result, error),) = self.answers
        assert error is None
        return at, [m["Body"] for m in result.get("Messages", [])]


@pytest.mark.parametrize("name", ["q", "q.fifo"])
def test_the_arrival_wakes_one_poller_and_the_other_waits_on(world: Queues, name: str) -> None:
    url = world.queue(name)
    first, second = Poll(world, url), Poll(world, url, 10)
    world.advance(3)
    if name == "q":
        world.send(url, "m")
    else:
        world.put(url, "g", "m")
    assert first.outcome == (3, ["m"]) and second.answers == []
    world.advance(20)
    assert second.outcome == (10, [])


def test_delayed_and_returning_messages_wake_a_poller(world: Queues) -> None:
    url = world.queue(VisibilityTimeout=7)
    world.send(url, "delayed", DelaySeconds=4)
    world.send(url, "hidden")
    world.receive(url, 1)
    polls = [Poll(world, url, 20) for _ in range(3)]
    world.advance(30)
    assert sorted(poll.outcome for poll in polls) == [
        (4, ["delayed"]),
        (7, ["hidden"]),
        (11, ["delayed"]),
    ]


def test_a_sooner_arrival_moves_the_alarm(world: Queues) -> None:
    url = world.queue()
    world.send(url, "late", DelaySeconds=15)
    poll = Poll(world, url)
    world.send(url, "soon", DelaySeconds=5)
    world.advance(6)
    assert poll.outcome == (5, ["soon"])
    later = Poll(world, url, 20)
    world.advance(20)
    assert later.outcome == (15, ["late"])


def test_a_changed_visibility_wakes_a_poller(world: Queues) -> None:
    url = world.queue(VisibilityTimeout=300)
    world.send(url, "m")
    (got,) = world.receive(url)
    poll = Poll(world, url)
    world.advance(2)
    world.hide(url, got, 3)
    world.advance(10)
    assert poll.outcome == (5, ["m"])


def test_a_deletion_frees_a_group_and_wakes_a_poller(world: Queues) -> None:
    url = world.queue("q.fifo")
    world.put(url, "g", "a")
    world.put(url, "g", "b")
    (got,) = world.receive(url, 1)
    poll = Poll(world, url)
    world.advance(2)
    world.delete(url, got)
    assert poll.outcome == (2, ["b"])


def test_a_group_that_is_released_by_time_wakes_a_poller(world: Queues) -> None:
    url = world.queue("q.fifo", VisibilityTimeout=9)
    world.put(url, "g", "a")
    world.receive(url, 1)
    poll = Poll(world, url)
    world.advance(30)
    assert poll.outcome == (9, ["a"])


def test_dead_letters_wake_who_waits_for_them(world: Queues) -> None:
    url = world.with_dead_letters("q", "dead", 1)
    world.send(url, "m")
    world.receive(url, VisibilityTimeout=5)
    dead = Poll(world, f"{world.kernel.endpoint}/{ACCOUNT}/dead")
    Poll(world, url)
    world.advance(30)
    assert dead.outcome == (5, ["m"])


def test_the_queues_own_wait_and_its_deletion(world: Queues) -> None:
    url = world.queue(ReceiveMessageWaitTimeSeconds=6)
    began = world.clock.now()
    assert world.receive(url) == [] and world.clock.now() - began == 6
    poll = Poll(world, url)
    world.sqs("DeleteQueue", url)
    ((_, _, error),) = poll.answers
    assert error.code == "QueueDoesNotExist"


def test_waiting_leaves_no_effects_behind(world: Queues) -> None:
    url = world.queue(VisibilityTimeout=5)
    for _ in range(5):
        Poll(world, url)
    assert world.effects() == []
    world.send(url, "m", DelaySeconds=10)
    alarms = [e for e in world.effects() if e.reply_to and e.reply_to.topic == "alarm"]
    assert len(alarms) == 1, "one alarm for however many wait"
