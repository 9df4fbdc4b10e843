"""Which effect is carried out when: many in one order, room that is taken, effects withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from owari.effects import ReplyTo, Report, Run, Wake
from owari.kernel import Context, Work
from owari.store.tx import Tx
from owari.window import MOST
from owari.wire.operation import Registry
from tests.support.world import World

CONTEXT = Context("000000000000", "us-east-1", "me", "0" * 8, "Root=1-0")


def plan(world: World, sql: str, *values: Any) -> str:
    rows = world.kernel.reader.execute(f"EXPLAIN QUERY PLAN {sql}", values)
    return "\n".join(row["detail"] for row in rows)


@pytest.fixture
def told() -> list[str]:
    """The keys of what has ended."""
    return []


@pytest.fixture
def world(tmp_path: Path, told: list[str]) -> Iterator[World]:
    made = Registry()
    made.reactions["test", "ended"] = lambda _tx, report: told.append(report.key)
    made.prepares["test"] = lambda _tx, _due: {"kind": "process", "timeout_s": None}
    world = World(tmp_path, registry=made)
    yield world
    world.close()


def to(key: str) -> ReplyTo:
    return ReplyTo("test", "ended", key)


def submit(world: World, body: Any) -> None:
    world.kernel.submit(Work(CONTEXT, body, lambda _result, error: None))


def test_an_effect_withdrawn_in_the_group_that_emitted_it_is_forgotten(
    world: World, told: list[str]
) -> None:
    ids: list[str] = []

    def emit(tx: Tx) -> None:
        ids.append(tx.emit(Run("test", {}), reply_to=to("run")))
        ids.append(tx.emit(Wake(), reply_to=to("wake")))

    def withdraw(tx: Tx) -> None:
        assert all(tx.cancel(id) for id in ids)

    submit(world, emit)
    submit(world, withdraw)
    world.settle()
    assert not world.engine.flight and not world.engine.running
    assert told == []


def test_an_effect_tried_again_and_withdrawn_in_one_group_is_forgotten(
    world: World, told: list[str]
) -> None:
    def again(tx: Tx, report: Report) -> None:
        told.append(report.key)
        tx.again(report, due=tx.now)
        submit(world, lambda tx: tx.cancel(report.effect_id))  # of the same group

    world.kernel.registry.reactions["test", "ended"] = again
    submit(world, lambda tx: tx.emit(Wake(), reply_to=to("wake")))
    world.settle()
    assert told == ["wake"]
    assert not world.engine.flight and not world.engine.at_once.known
    assert not world.effects()


def test_time_goes_on_while_runs_wait_for_room(world: World, told: list[str]) -> None:
    world.kernel.config = replace(world.config, effects_in_flight_max=1)
    world.compute.duration = lambda _spec: 100.0
    for name in "ab":
        submit(world, lambda tx, name=name: tx.emit(Run("test", {}), reply_to=to(name)))
    submit(world, lambda tx: tx.emit(Wake(), due=tx.now + 5, reply_to=to("clock")))
    while world.turn():
        pass
    now = world.clock.now()
    while world.engine.step(now) <= now:
        while world.turn():
            pass
    assert world.engine.step(now) == now + 5
    world.advance(300)
    assert told == ["clock", "a", "b"]


def test_runs_without_room_hold_up_nothing_else(world: World, told: list[str]) -> None:
    """However many they are: what they wait for may come by a call or a timer."""
    world.kernel.config = replace(world.config, effects_in_flight_max=1)
    world.compute.duration = lambda _spec: 100.0

    def emit(tx: Tx) -> None:
        for _ in range(MOST + 100):
            tx.emit(Run("test", {}), reply_to=to("run"))
        tx.emit(Wake(), due=tx.now + 1, reply_to=to("clock"))

    submit(world, emit)
    world.advance(2)
    assert told == ["clock"]


def test_withdrawn_timers_take_no_memory(world: World) -> None:
    def one(tx: Tx) -> None:
        tx.cancel(tx.emit(Wake(), due=tx.now + 86_400, reply_to=to("late")))

    def other(tx: Tx) -> None:
        kept.append(tx.emit(Wake(), due=tx.now + 86_400, reply_to=to("later")))

    kept: list[str] = []
    submit(world, other)
    for _ in range(100):
        submit(world, one)
        submit(world, other)
        world.settle(0)
        submit(world, lambda tx: tx.cancel(kept.pop()))
        world.settle(0)
    assert len(world.engine.at_once._timers) < 10


def test_many_in_one_order_hold_up_nobody(world: World, told: list[str]) -> None:
    """They wait for the first, which takes long: what comes after them in time is not their
    concern, and looking at them again and again is nobody's."""
    world.compute.duration = lambda _spec: 100.0
    many = MOST + 100

    def emit(tx: Tx) -> None:
        tx.emit(Run("test", {}), reply_to=to("first"), order_key="one")
        for number in range(many):
            tx.emit(Wake(), reply_to=to(str(number)), order_key="one")
        tx.emit(Wake(), due=tx.now + 1, reply_to=to("other"))

    submit(world, emit)
    world.advance(2)
    assert told == ["other"]
    assert world.engine.step(world.clock.now()) > world.clock.now()
    world.advance(200)
    assert told == ["other", "first", *map(str, range(many))]
