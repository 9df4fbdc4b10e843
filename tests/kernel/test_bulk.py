"""Runs leased in the commit that emits them, and reports that end together (bulk.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.effects import ReplyTo, Report, Run
from owari.store.tx import Tx
from owari.wire.operation import Operation, Registry
from tests.support.world import Disconnected, World

TABLES = """
CREATE TABLE note (id BIGINT PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL, size INT)
"""
SPEC = {"kind": "process", "timeout_s": None}


def spec_of(name: str) -> dict[str, Any]:
    if name.startswith("odd"):
        raise KeyError(name)
    return dict(SPEC)


def begin(tx: Tx, p: dict[str, Any]) -> dict[str, Any]:
    """Emit a run by each name, leased at once; stop or withdraw all in the same transaction."""
    ids = []
    for name in p["names"]:
        to = ReplyTo("test", "ended", name)
        ids.append(
            tx.emit(Run("test", {"name": name}), reply_to=to, spec=lambda name=name: spec_of(name))
        )
    for id in ids:
        if p.get("do") == "stop":
            assert tx.stop(id, "stop it")
        elif p.get("do") == "cancel":
            assert tx.cancel(id, "never mind")
    return {"ids": ids}


def ended(tx: Tx, reports: Iterator[Report]) -> None:
    """Notes with how many others each report came; a name with `bad` is refused."""
    taken = list(reports)
    for report in taken:
        assert report.result is not None
        if report.key.startswith("bad"):
            raise RuntimeError("a bug")
        tx.run(
            "INSERT INTO note (id, name, status, size) VALUES (?, ?, ?, ?)",
            tx.next_seq(),
            report.key,
            report.result["status"],
            len(taken),
        )


def notes(tx: Tx, _p: dict[str, Any]) -> dict[str, Any]:
    return {"notes": [tuple(row) for row in tx.all("SELECT name, status, size FROM note")]}


def prepared(_tx: Tx, due: Any) -> dict[str, Any]:
    return spec_of(due.payload["name"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = Registry()
    for name, handler, reads in (("Begin", begin, False), ("List", notes, True)):
        made.operations["test", name] = Operation(
            "test", name, handler, lambda _p, reads=reads: reads
        )
    made.reactions["test", "ended"] = lambda tx, report: ended(tx, iter((report,)))
    made.bulk["test", "ended"] = ended
    made.prepares["test"] = prepared
    made.migrations["test"] = (TABLES,)
    world = World(tmp_path, registry=made)
    yield world
    world.close()


def begun(world: World, *names: str, **more: Any) -> None:
    world.call("test", "Begin", names=list(names), **more)


def found(world: World) -> list[tuple[str, str, int]]:
    return sorted(world.call("test", "List")["notes"])


def test_reports_that_come_together_end_in_one_transaction(world: World) -> None:
    begun(world, *"abcde")
    world.settle()
    assert [(name, status) for name, status, _ in found(world)] == [(n, "ok") for n in "abcde"]
    assert max(size for _, _, size in found(world)) > 1
    assert not world.effects() and not world.compute.known()


def test_one_report_that_fails_does_not_keep_the_others(world: World) -> None:
    """All of them are tried alone; the bad one stays, and what it was about is not lost."""
    begun(world, "a", "bad", "c", "d")
    world.settle()
    assert found(world) == [(name, "ok", 1) for name in "acd"]
    assert [e.reply_to.key for e in world.effects() if e.reply_to] == ["bad"]


def test_what_fails_again_and_again_is_told_until_it_ends(world: World) -> None:
    begun(world, "bad", "b")
    world.advance(100)
    (failing,) = world.engine.failing.all()
    assert (failing["reports_to"], failing["times"]) == ("test:ended", 4)
    world.kernel.registry.reactions["test", "ended"] = lambda _tx, _report: None
    world.advance(100)
    assert not world.effects()
    assert not world.engine.failing.all()


def test_reports_in_a_crash_end_once(world: World) -> None:
    begun(world, *"abcde")
    kills = iter([True, False, True])
    world.fault = lambda _where: next(kills, False)
    world.settle(60)
    assert [(name, status) for name, status, _ in found(world)] == [(n, "ok") for n in "abcde"]
    assert not world.effects() and not world.compute.known()


def test_reports_said_twice_end_once(world: World) -> None:
    world.compute.duplicate = lambda: True
    begun(world, *"abcde")
    world.settle(60)
    assert [name for name, _, _ in found(world)] == list("abcde")


def test_a_run_begins_with_the_commit_that_emits_it(world: World) -> None:
    world.compute.duration = lambda _spec: 100.0
    begun(world, "a")
    assert len(world.compute.started) == 1
    [envelope] = world.effects()
    assert envelope.lease == world.compute.instance
    world.settle(200)
    assert found(world) == [("a", "ok", 1)]


def test_a_run_whose_spec_cannot_be_made_keeps_no_other_from_running(world: World) -> None:
    begun(world, "a", "odd", "b")
    world.settle()
    assert [name for name, _, _ in found(world)] == ["a", "b"]
    (failing,) = world.engine.failing.all()
    assert failing["kind"] == "Run"


def test_a_run_without_an_agent_is_prepared_later(world: World) -> None:
    holder, world.engine.holder = world.engine.holder, ""
    begun(world, "a")
    assert world.compute.started == [] and world.effects()[0].lease is None
    world.engine.holder = holder
    world.settle()
    assert found(world) == [("a", "ok", 1)]


def test_a_run_stopped_by_the_transaction_that_leased_it_reports_so(world: World) -> None:
    world.compute.duration = lambda _spec: 1_000.0
    begun(world, "a", "b", do="stop")
    world.settle()
    assert [(name, status) for name, status, _ in found(world)] == [
        ("a", "cancelled"),
        ("b", "cancelled"),
    ]
    assert not world.effects()


def test_a_run_withdrawn_by_the_transaction_that_leased_it_never_begins(world: World) -> None:
    begun(world, "a", "b", do="cancel")
    world.settle(60)
    assert world.compute.started == [] and found(world) == []
    assert not world.effects() and not world.engine.flight


@pytest.mark.parametrize("where", ["before commit", "after commit"])
def test_a_server_killed_as_it_leases(world: World, where: str) -> None:
    """Before the commit nothing was; after it the agent is given the run by the next server."""
    kills = iter([True])
    world.fault = lambda at: at == where and next(kills, False)
    with pytest.raises(Disconnected):
        begun(world, "a")
    world.settle(60)
    assert found(world) == ([] if where == "before commit" else [("a", "ok", 1)])
    assert len(world.compute.started) == len(found(world))
