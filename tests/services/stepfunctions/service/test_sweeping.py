"""Frames of failed executions go after 14 days, executions after 90, in bounded steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from owari.services.stepfunctions import sweeping
from tests.services.stepfunctions.service.driving import (
    PASS,
    call,
    describe,
    machine,
    refused,
    start,
    states,
)
from tests.support.world import World

DAY = 86_400.0
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}


def count(world: World, table: str) -> int:
    found: int = world.kernel.reader.execute(f"SELECT COUNT(*) FROM sfn_{table}").fetchone()[0]
    return found


def test_old_executions_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "EXECUTIONS_AT_ONCE", 3)
    monkeypatch.setattr(sweeping, "CHUNKS_AT_ONCE", 2)
    world = World(tmp_path)
    good, bad = machine(world, PASS, "good"), machine(world, FAIL, "bad")
    long = machine(world, states(("W", {"Type": "Wait", "Seconds": int(200 * DAY)})), "long")
    waits = start(world, long)
    ended = [start(world, arn) for arn in (good, bad) for _ in range(7)]
    assert count(world, "live") == 8
    world.advance(13.5 * DAY)
    assert count(world, "live") == 8
    young = start(world, bad)
    world.advance(2 * DAY)
    assert count(world, "live") == 2  # one waits, one may still be redriven
    assert (
        refused(world, "RedriveExecution", executionArn=ended[-1]).code == "ExecutionNotRedrivable"
    )
    assert call(world, "RedriveExecution", executionArn=young)["redriveDate"]
    world.advance(74 * DAY)
    world.crash()
    world.advance(2 * DAY)
    for arn in ended:
        assert refused(world, "DescribeExecution", executionArn=arn).code == "ExecutionDoesNotExist"
    assert describe(world, young)["status"] == "FAILED"
    assert describe(world, waits)["status"] == "RUNNING"
    world.advance(100 * DAY)
    assert (count(world, "execution"), count(world, "live")) == (1, 1)
    assert count(world, "history") == 1
    world.advance(DAY)
    world.close()


def test_children_of_map_runs_go_too(tmp_path: Path) -> None:
    world = World(tmp_path)
    mapped = {
        "Type": "Map",
        "ItemProcessor": {
            **PASS,
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        },
    }
    arn = start(world, machine(world, states(("M", mapped))), list(range(10)))
    world.advance(DAY)
    assert describe(world, arn)["status"] == "SUCCEEDED"
    assert (count(world, "execution"), count(world, "map_run")) == (11, 1)
    world.advance(91 * DAY)
    for table in ("execution", "map_run", "history", "live", "frame", "pending"):
        assert count(world, table) == 0, table
    world.close()


def test_a_definition_is_kept_as_long_as_something_has_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    arn = machine(world, PASS)
    ran = start(world, arn)
    for n in range(3):
        text = json.dumps({**PASS, "Comment": str(n)})
        publish = {"publish": n == 1}
        call(world, "UpdateStateMachine", stateMachineArn=arn, definition=text, **publish)
    assert count(world, "definition") == 4
    world.advance(2 * DAY)
    assert count(world, "definition") == 3  # an execution's, a version's, the machine's
    call(world, "DeleteStateMachine", stateMachineArn=arn)
    world.crash()
    world.advance(2 * DAY)
    assert count(world, "definition") == 1
    told = call(world, "DescribeStateMachineForExecution", executionArn=ran)
    assert json.loads(told["definition"]) == PASS
    world.advance(90 * DAY)
    assert count(world, "definition") == 0
    assert world.effects(sweeps=True) == []
    machine(world, PASS)
    assert len(world.effects(sweeps=True)) == 1
    world.close()


def test_what_is_looked_for_is_in_an_index(tmp_path: Path) -> None:
    world = World(tmp_path)
    plan = world.kernel.reader.execute(
        "EXPLAIN QUERY PLAN SELECT id, stopped FROM sfn_execution WHERE status <> 'SUCCEEDED'"
        " AND stopped IS NOT NULL AND (stopped, id) > (0, 0) AND stopped < 1"
        " ORDER BY stopped, id LIMIT 1"
    ).fetchall()
    assert len(plan) == 1 and "INDEX sfn_execution_failed" in plan[0]["detail"]
    world.close()
