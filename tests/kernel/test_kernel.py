"""The kernel and the engine on a tiny service of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import SystemFailure
from owari.effects import Call, Http, Later, ReplyTo, Report, Run, Wake
from owari.errors import ServiceError
from owari.store.tx import Tx
from owari.wire.operation import Direct, InWriter, Operation, Park, Registry
from tests.support.world import World

TABLES = "CREATE TABLE note (id BIGINT PRIMARY KEY, text TEXT NOT NULL)"


def notes(tx: Tx) -> list[str]:
    return [row["text"] for row in tx.all("SELECT text FROM note ORDER BY id")]


def write(tx: Tx, p: dict[str, Any]) -> dict[str, Any]:
    tx.run("INSERT INTO note (id, text) VALUES (?, ?)", tx.next_seq(), p["text"])
    tx.notify("notes")
    if p.get("fail"):
        raise ServiceError("Refused", "as asked")
    if p.get("bug"):
        raise RuntimeError("a bug")
    return {"count": len(notes(tx))}


def listing(tx: Tx, _p: dict[str, Any]) -> dict[str, Any]:
    return {"notes": notes(tx)}


def wait(tx: Tx, p: dict[str, Any]) -> dict[str, Any] | Park:
    found = notes(tx)
    return {"notes": found} if found or tx.last_try else Park("notes", p["until"])


def note_once(tx: Tx, _p: dict[str, Any]) -> dict[str, Any] | InWriter:
    """Reads, but for the first time."""
    if not notes(tx):
        if tx.is_reading:
            return InWriter()
        tx.run("INSERT INTO note (id, text) VALUES (?, ?)", tx.next_seq(), "noted")
    return {"notes": notes(tx)}


def later(tx: Tx, p: dict[str, Any]) -> dict[str, Any]:
    effect = p["effect"]
    tx.emit(
        effect,
        due=tx.now + p.get("delay", 0),
        reply_to=ReplyTo("test", "ended", p.get("key", "k")),
        order_key=p.get("order"),
    )
    return {}


def ended(tx: Tx, report: Report) -> None:
    if report.error is not None and report.attempt < 3:
        tx.again(report, due=tx.now + 10)
        return
    outcome = report.error.code if report.error else sorted((report.result or {}).items())[:1]
    tx.run(
        "INSERT INTO note (id, text) VALUES (?, ?)",
        tx.next_seq(),
        f"{report.key} {report.attempt} {outcome}",
    )


def prepared(tx: Tx, due: Any) -> Any:
    if due.payload.get("wait_until", 0) > tx.now:
        return Later(due.payload["wait_until"])
    return (
        None
        if due.payload.get("gone")
        else {"kind": "function", "function_name": "f", "payload": b"{}"}
    )


def call_function(_tx: Tx, _p: dict[str, Any]) -> Direct:
    return Direct(
        {"kind": "function", "function_name": "f", "payload": b"1"},
        lambda r: {"payload": r["payload"]},
    )


def registry() -> Registry:
    made = Registry()
    for name, handler, reads in (
        ("Write", write, False),
        ("List", listing, True),
        ("Wait", wait, False),
        ("Later", later, False),
        ("NoteOnce", note_once, True),
        ("Function", call_function, True),
    ):
        made.operations["test", name] = Operation(
            "test", name, handler, lambda _p, reads=reads: reads
        )
    made.reactions["test", "ended"] = ended
    made.prepares["test"] = prepared
    made.migrations["test"] = (TABLES,)
    return made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, registry=registry())
    yield made
    made.close()


def found(world: World) -> list[str]:
    return world.call("test", "List")["notes"]


def test_an_error_undoes_only_its_own_operation(world: World) -> None:
    world.call("test", "Write", text="one")
    with pytest.raises(ServiceError, match="Refused"):
        world.call("test", "Write", text="two", fail=True)
    with pytest.raises(ServiceError) as caught:
        world.call("test", "Write", text="three", bug=True)
    assert caught.value.status == 500
    assert found(world) == ["one"]


def test_an_unknown_operation_answers_501_with_its_name(world: World) -> None:
    with pytest.raises(ServiceError) as caught:
        world.call("test", "Juggle")
    assert caught.value.status == 501
    assert "test:Juggle" in caught.value.message


@pytest.mark.parametrize(
    "trace", ["", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"]
)
def test_a_reading_operation_that_must_write_once(world: World, trace: str) -> None:
    for _ in range(2):
        assert world.call("test", "NoteOnce", trace_id=trace or None) == {"notes": ["noted"]}


def test_a_wake_reports_at_its_time_and_only_then(world: World) -> None:
    world.call("test", "Later", effect=Wake({"a": 1}), delay=100)
    world.advance(99)
    assert found(world) == []
    world.advance(1)
    assert found(world) == ["k 1 [('a', 1)]"]
    assert world.effects() == []


def test_a_timer_survives_a_crash(world: World) -> None:
    world.call("test", "Later", effect=Wake(), delay=100)
    world.crash()
    world.advance(100)
    assert found(world) == ["k 1 []"]


def test_a_call_and_its_reaction_are_one_transaction(world: World) -> None:
    world.call("test", "Later", effect=Call("test", "Write", {"text": "called"}))
    world.settle()
    assert found(world) == ["called", "k 1 [('count', 1)]"]


def test_a_failed_call_is_retried_by_its_reaction(world: World) -> None:
    world.call("test", "Later", effect=Call("test", "Write", {"text": "x", "fail": True}))
    world.advance(19)
    assert found(world) == []
    world.advance(2)
    assert found(world) == ["k 3 Refused"]


def test_order_keys_hold_back_the_next_while_the_first_is_retried(world: World) -> None:
    failing = Call("test", "Write", {"text": "x", "fail": True})
    world.call("test", "Later", effect=failing, key="first", order="o")
    world.call("test", "Later", effect=Wake(), key="second", order="o")
    world.call("test", "Later", effect=Wake(), key="other")
    world.advance(5)
    assert found(world) == ["other 1 []"]
    world.advance(20)
    assert found(world) == ["other 1 []", "first 3 Refused", "second 1 []"]


def test_a_run_is_prepared_leased_carried_out_and_reported(world: World) -> None:
    world.call("test", "Later", effect=Run("test", {"wait_until": world.clock.now() + 5}))
    world.advance(4)
    assert world.compute.started == []
    world.advance(2)
    assert len(world.compute.started) == 1
    assert found(world) == ["k 1 [('attempt', 1)]"]
    assert world.compute.known() == set()


def test_a_run_that_has_nothing_to_do_vanishes(world: World) -> None:
    world.call("test", "Later", effect=Run("test", {"gone": True}))
    world.settle()
    assert world.effects() == []
    assert found(world) == []


@pytest.mark.parametrize("when", [0.0, 2.0])
def test_a_run_in_flight_is_not_repeated_by_a_server_crash(world: World, when: float) -> None:
    world.compute.duration = lambda _spec: 5.0
    world.call("test", "Later", effect=Run("test", {}))
    world.advance(when)
    world.crash()
    world.advance(10)
    assert len(world.compute.started) == 1
    assert len(found(world)) == 1


def test_a_report_lost_in_a_crash_comes_again(world: World) -> None:
    world.compute.duration = lambda _spec: 5.0
    world.call("test", "Later", effect=Run("test", {}))
    world.settle()
    world.compute.due_reports(world.clock.now() + 10)  # reported, and the server died of it
    world.crash()
    world.advance(10)
    assert len(found(world)) == 1
    assert len(world.compute.started) == 1


def test_an_agent_lost_with_its_runs_is_reported_as_lost(world: World) -> None:
    world.compute.duration = lambda _spec: 5.0
    world.call("test", "Later", effect=Run("test", {}))
    world.settle()
    world.compute.lose()
    world.engine.agent_changed(world.compute.instance, world.compute.known())
    world.settle()
    assert found(world) == ["k 1 [('attempt', 1)]"]


def test_a_call_of_a_function_is_a_durable_run(world: World) -> None:
    world.compute.duration = lambda _spec: 5.0
    world.call("test", "Later", effect=Call("test", "Function", {}))
    world.advance(1)
    world.crash()
    world.advance(10)
    assert len(world.compute.started) == 1
    assert found(world) == ["k 1 [('payload', b'1')]"]


def test_a_function_called_through_an_effect_is_called_again_when_its_agent_is_lost(
    world: World,
) -> None:
    world.compute.duration = lambda _spec: 5.0
    world.call("test", "Later", effect=Call("test", "Function", {}))
    world.advance(1)
    world.compute.lose()
    world.engine.agent_changed(world.compute.instance, world.compute.known())
    world.advance(10)
    assert len(world.compute.started) == 2
    assert len(found(world)) == 1


def test_http_failures_are_reported(world: World) -> None:
    def refuse(_effect: Http) -> int:
        raise ServiceError("ConnectionError", "nobody there")

    world.http.answer = refuse
    world.call("test", "Later", effect=Http("POST", "http://x", {}, b""))
    world.advance(100)
    assert len(world.http.sent) == 3
    assert found(world) == ["k 3 ConnectionError"]


def test_parked_operations_wake_with_the_commit_or_at_their_time(world: World) -> None:
    start = world.clock.now()
    assert world.call("test", "Wait", until=start + 20)["notes"] == []
    assert world.clock.now() == start + 20
    world.call("test", "Later", effect=Call("test", "Write", {"text": "hello"}), delay=3)
    assert "hello" in world.call("test", "Wait", until=start + 60)["notes"]
    assert world.clock.now() == start + 23


def test_a_patient_call_waits_as_long_as_it_takes(world: World) -> None:
    def wait(tx: Tx, _p: dict[str, Any]) -> dict[str, Any] | Park:
        found = [note for note in notes(tx) if note.startswith("for")]
        return {"notes": found} if found or tx.last_try else Park("notes", tx.now + 20)

    world.registry.operations["test", "Wait"] = Operation("test", "Wait", wait, lambda _p: False)
    for patient in (False, True):
        world.call("test", "Later", effect=Call("test", "Wait", {}, patient=patient))
    world.advance(10)
    world.crash()  # both begin anew
    world.advance(21)
    assert found(world) == ["k 1 [('notes', [])]"]
    before = world.kernel.writer.total_changes
    world.advance(1000)
    assert world.kernel.writer.total_changes == before
    world.call("test", "Write", text="for you")
    world.settle()
    assert found(world)[-1] == "k 1 [('notes', ['for you'])]" and world.effects() == []


def test_a_call_withdrawn_while_it_is_parked_is_not_made(world: World) -> None:
    made: list[float] = []

    def wait(tx: Tx, p: dict[str, Any]) -> Park:
        made.append(tx.now)
        return Park("notes", tx.now + 20)

    world.registry.operations["test", "Wait"] = Operation("test", "Wait", wait, lambda _p: False)
    world.registry.operations["test", "Cancel"] = Operation(
        "test", "Cancel", lambda tx, p: {"ended": not tx.cancel(p["id"])}, lambda _p: False
    )
    world.call("test", "Later", effect=Call("test", "Wait", {}, patient=True))
    world.settle()
    world.call("test", "Write", text="wakes it")
    tries = len(made)
    assert tries >= 2
    world.call("test", "Cancel", id=world.effects()[0].id)
    world.call("test", "Write", text="wakes nobody")
    world.advance(100)
    assert len(made) == tries and not any(world.kernel.parked.values())


def test_a_withdrawn_effect_never_reports(world: World) -> None:
    world.call("test", "Later", effect=Wake(), delay=5)
    effect = world.effects()[0].id
    world.registry.operations["test", "Cancel"] = Operation(
        "test", "Cancel", lambda tx, p: {"ended": not tx.cancel(p["id"])}, lambda _p: False
    )
    assert world.call("test", "Cancel", id=effect) == {"ended": False}
    assert world.call("test", "Cancel", id=effect) == {"ended": True}
    world.advance(10)
    assert found(world) == []


def test_more_effects_than_the_window_holds(world: World) -> None:
    for number in range(6_000):
        world.call("test", "Later", effect=Wake(), delay=number % 50, key=str(number))
    world.advance(60)
    assert len(found(world)) == 6_000
    assert world.effects() == []


def test_system_failures_reach_the_service(world: World) -> None:
    def fail(_event: Any, _spec: Any) -> None:
        raise SystemFailure("throttled")

    world.compute.handlers["f"] = fail
    world.call("test", "Later", effect=Run("test", {}))
    world.settle()
    assert len(found(world)) == 1
