"""Runs with items: many processes of one spec, told of in pieces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from owari.compute.agent import together
from owari.compute.agent.journal import Reports
from tests.compute.lab import Lab
from tests.compute.test_process_life import until

MakeLab = Callable[..., Lab]


def given(lab: Lab, command: str, count: int, **changes: Any) -> dict[str, Any]:
    items = [[n, {"N": str(n)}, f"d/default/item-{n}"] for n in range(10, 10 + count)]
    return lab.process(command, items=items, variables={"ALL": "same"}, **changes)


def pieces(lab: Lab, spec: dict[str, Any]) -> list[dict[str, Any]]:
    found = {r["piece"]: r for r in lab.reports if r["run_id"] == spec["run_id"]}
    return [found[n] for n in sorted(found)]


def over(lab: Lab, spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Its pieces, once the last has come."""
    lab.wait(lambda: any(not piece["more"] for piece in pieces(lab, spec)))
    return pieces(lab, spec)


def ended(found: list[dict[str, Any]]) -> dict[int, list[Any]]:
    return {number: rest for piece in found for number, *rest in piece["ended"]}


def test_each_item_runs_with_its_own_variables_and_log(lab: Lab) -> None:
    spec = given(lab, 'echo "$ALL $N"; exit $((N % 2))', 20)
    lab.start_spec(spec)
    found = over(lab, spec)
    assert [piece["piece"] for piece in found] == list(range(1, len(found) + 1))
    assert [piece["more"] for piece in found] == [True] * (len(found) - 1) + [False]
    ends = ended(found)
    assert sorted(ends) == list(range(10, 30))
    assert sum(len(piece["ended"]) for piece in found) == 20
    for number, (status, code, reason, started, stopped) in ends.items():
        assert (status, code) == (("error", 1) if number % 2 else ("ok", 0))
        assert reason == ""
        assert 0 < started <= stopped
    texts = lambda: {r["stream"]: text for r in lab.logs for _, text in r["events"]}  # noqa: E731
    lab.wait(lambda: len(texts()) == 20)
    assert texts()["d/default/item-17"] == "same 17"


def test_one_item_is_stopped_and_one_never_begins(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab()
    lone = {"vcpus": 999.0}  # one at a time
    spec = given(lab, f"[ $N = 10 ] && exec sleep 60; [ $N = 12 ] || {until(tmp_path)}", 3, **lone)
    lab.start_spec(spec)
    lab.wait(lambda: any(id == f"{spec['run_id']}/10" for id, _, _ in lab.started))
    lab.cancel({"run_id": f"{spec['run_id']}/11"})
    lab.cancel({"run_id": f"{spec['run_id']}/10"})
    ends = ended(over(lab, spec))
    assert ends[10][:2] == ["cancelled", 143]
    assert ends[11][:2] == ["cancelled", None]
    assert ends[12][:2] == ["ok", 0]


def test_the_whole_is_stopped(lab: Lab) -> None:
    spec = given(lab, "exec sleep 60", 5)
    lab.start_spec(spec)
    lab.cancel(spec)
    assert {end[0] for end in ended(over(lab, spec)).values()} == {"cancelled"}


def test_a_new_server_hears_all_pieces_until_it_acknowledges_them(
    make_lab: MakeLab, tmp_path: Path
) -> None:
    lab = make_lab()
    go = tmp_path / "go"
    spec = given(lab, f"[ $N != 11 ] || {until(go)}", 4)
    lab.start_spec(spec)
    lab.wait(lambda: len(ended(pieces(lab, spec))) == 3)
    before = pieces(lab, spec)
    lab.acknowledge(before[0])
    lab.reports.clear()
    lab.reconnect()
    assert lab.agents[-1][1] == {(spec["run_id"], 1)}
    lab.start_spec(spec)  # known: not begun again
    go.touch()
    lab.wait(lambda: any(not p["more"] for p in pieces(lab, spec)))
    after = pieces(lab, spec)
    assert [p["piece"] for p in after] == list(range(2, before[-1]["piece"] + 2))
    assert set(ended(before) | ended(after)) == {10, 11, 12, 13}
    for piece in after:
        lab.acknowledge(piece)
    lab.reports.clear()
    lab.reconnect()
    assert lab.agents[-1][1] == set()
    lab.start_spec(spec)  # done with: not begun again either
    assert lab.run_process(["true"])["status"] == "ok"
    assert not pieces(lab, spec)


def test_a_killed_agent_s_heir_tells_what_ended_and_that_the_rest_is_lost(
    make_lab: MakeLab, tmp_path: Path
) -> None:
    lab = make_lab()
    spec = given(lab, f"[ $N != 11 ] || {until(tmp_path / 'never')}", 4)
    lab.start_spec(spec)
    lab.wait(lambda: len(ended(pieces(lab, spec))) == 3)
    lab.reports.clear()
    known = len(lab.agents)
    lab.kill_agent()
    lab.wait(lambda: len(lab.agents) > known)
    found = over(lab, spec)
    assert sorted(ended(found)) == [10, 12, 13]
    assert (found[-1]["status"], found[-1]["ended"]) == ("lost", [])


def test_the_journal_closes_what_its_agent_left_open(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    first = Reports(path)
    open_, done = ("open", 1), ("done", 1)
    first.add_all(
        [
            (open_, 1, together.piece(open_, 1, "ok", True, [])),
            (done, 1, together.piece(done, 1, "ok", True, [])),
            (done, 2, together.piece(done, 2, "ok", False, [])),
        ]
    )
    first.acknowledge(done, 1)
    first.close()
    second = Reports(path)
    assert second.pending == {
        open_: {
            1: together.piece(open_, 1, "ok", True, []),
            2: together.piece(open_, 2, "lost", False, []),
        },
        done: {2: together.piece(done, 2, "ok", False, [])},
    }
    for key, piece in ((open_, 1), (open_, 2), (done, 2)):
        second.acknowledge(key, piece)
    assert second.pending == {}
    second.close()
