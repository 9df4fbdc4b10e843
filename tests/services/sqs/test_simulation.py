"""Competing consumers and kills: FIFO order against a naive model, and nothing is ever lost."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.services.sqs.driving import Queues
from tests.support.world import Disconnected

TIMEOUT_S = 10
KILLS = st.sampled_from([None, None, None, "before commit", "after commit"])


def insistently(world: Queues, kill: str | None, act: Callable[[], Any]) -> Any:
    """Do it, killing the server once on the way; who gets no answer tries again."""
    pending = [kill] if kill else []

    def fault(where: str) -> bool:
        if where in pending:
            pending.clear()
            return True
        return False

    world.fault = fault
    while True:
        try:
            return act()
        except Disconnected:
            continue
        finally:
            pending.clear()


@dataclass
class Item:
    """What the model knows of a message that was sent and not deleted."""

    body: str
    visible_at: float
    receipt: dict[str, Any] | None = None


class FifoQueue(RuleBasedStateMachine):
    """The model: a list per group. A group is free when none of its messages is in flight."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = Queues(Path(self.folder.name) / "owari")
        self.url = self.world.queue("q.fifo", VisibilityTimeout=TIMEOUT_S)
        self.model: dict[str, list[Item]] = {}
        self.number = 0

    def teardown(self) -> None:
        self.world.close()
        self.folder.cleanup()

    @property
    def now(self) -> float:
        return self.world.clock.now()

    def free(self, group: str) -> bool:
        return all(item.visible_at <= self.now for item in self.model[group])

    def held(self) -> list[tuple[str, Item]]:
        """Messages some consumer has and whose time is not up."""
        return [
            (group, item)
            for group, items in self.model.items()
            for item in items
            if item.receipt and item.visible_at > self.now
        ]

    @rule(group=st.sampled_from("abc"), kill=KILLS)
    def send(self, group: str, kill: str | None) -> None:
        self.number += 1
        body = f"{group}{self.number}"
        insistently(self.world, kill, lambda: self.world.put(self.url, group, body))
        self.model.setdefault(group, []).append(Item(body, self.now))

    @rule(most=st.integers(1, 10), kill=KILLS)
    def receive(self, most: int, kill: str | None) -> None:
        self.number += 1
        attempt = f"attempt{self.number}"
        got = insistently(
            self.world,
            kill,
            lambda: self.world.receive(self.url, most, ReceiveRequestAttemptId=attempt),
        )
        free = {group for group in self.model if self.free(group)}
        waiting = sum(len(self.model[group]) for group in free)
        assert len(got) == min(most, waiting), "neither too few nor too many"
        for group in {m["Body"][0] for m in got}:
            bodies = [m["Body"] for m in got if m["Body"][0] == group]
            assert group in free
            assert bodies == [item.body for item in self.model[group][: len(bodies)]], "in order"
        for message in got:
            item = next(i for i in self.model[message["Body"][0]] if i.body == message["Body"])
            item.receipt, item.visible_at = message, self.now + TIMEOUT_S

    @rule(pick=st.randoms(use_true_random=False), kill=KILLS)
    def delete(self, pick: random.Random, kill: str | None) -> None:
        held = self.held()
        if held:
            group, item = pick.choice(held)
            insistently(self.world, kill, lambda: self.world.delete(self.url, item.receipt or {}))
            self.model[group].remove(item)

    @rule(pick=st.randoms(use_true_random=False), timeout_s=st.sampled_from([1, 5, 20]))
    def hide(self, pick: random.Random, timeout_s: int) -> None:
        held = self.held()
        if held:
            _, item = pick.choice(held)
            self.world.hide(self.url, item.receipt or {}, timeout_s)
            item.visible_at = self.now + timeout_s

    @rule(seconds=st.sampled_from([1, 4, 10]))
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)

    @rule()
    def crash(self) -> None:
        self.world.crash()

    @invariant()
    def counts_are_exact(self) -> None:
        items = [item for group in self.model.values() for item in group]
        flying = sum(item.visible_at > self.now for item in items)
        assert self.world.counts(self.url) == (len(items) - flying, flying, 0)


TestFifoQueue = FifoQueue.TestCase
TestFifoQueue.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


@pytest.mark.parametrize("seed", range(4))
def test_no_message_is_lost(tmp_path: Path, seed: int) -> None:
    """Consumers take and forget, are killed, are too slow: every message accepted ends once,
    deleted or among the dead letters."""
    chance = random.Random(seed)
    world = Queues(tmp_path / "owari", seed=seed)
    url = world.with_dead_letters("q", "dead", 3)
    world.sqs("SetQueueAttributes", url, Attributes={"VisibilityTimeout": "5"})
    accepted: set[str] = set()
    asked: set[str] = set()  # to be deleted: a kill may have kept the answer back
    done: set[str] = set()
    world.fault = lambda _where: chance.random() < 0.05
    for number in range(150):
        try:
            if chance.random() < 0.5:
                accepted.add(world.send(url, str(number))["MessageId"])
            for message in world.receive(url, chance.randint(1, 10)):
                if chance.random() < 0.4:
                    asked.add(message["MessageId"])
                    world.delete(url, message)
                    done.add(message["MessageId"])
            world.advance(chance.choice([0, 0, 1, 6]))
        except Disconnected:
            continue
    world.fault = lambda _where: False
    dead: set[str] = set()
    while sum(world.counts(url)):
        world.receive(url)
        world.advance(6)
    while got := world.receive(url.replace("/q", "/dead"), VisibilityTimeout=1000):
        dead |= {message["MessageId"] for message in got}
    assert accepted <= asked | dead, "what was acknowledged is never lost"
    assert not done & dead and done and dead
    world.close()
