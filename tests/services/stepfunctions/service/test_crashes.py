"""Executions under seeded kills: before and after commits, with the agent lost, reports twice.

What must hold afterwards: a history is gapless, chained backwards and never changes once read;
every execution ends exactly once; nothing is left in the outbox or the live tables; a task
whose result was committed did not run again.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import FunctionError, SystemFailure
from owari.errors import ServiceError
from tests.services.lambda_ import support as functions
from tests.services.stepfunctions.service.driving import Json, call, machine, states, task
from tests.support.world import Disconnected, World

FINAL = {
    "ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut",
}  # fmt: skip
RETRY = [
    {"ErrorEquals": ["Lambda.ServiceException", "Boom"], "IntervalSeconds": 1, "MaxAttempts": 6}
]


class Chaos:
    """A world with machines of each kind; `run` starts executions while faults happen."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World(folder, seed=seed)
        self.faulty = False
        self.kills = 0
        self.started: set[str] = set()
        self.read: dict[str, list[Json]] = {}
        self._set_up()
        self.world.fault = self._fault
        self.world.compute.duration = lambda _spec: self.random.expovariate(1)
        self.world.compute.duplicate = lambda: self.faulty and self.random.random() < 0.1

    def _set_up(self) -> None:
        functions.create(self.world, "f")
        self.world.compute.handlers["f"] = self._work
        work = task(functions.arn("f"), Retry=RETRY, TimeoutSeconds=60)
        beats = task("arn:aws:states:::lambda:invoke.waitForTaskToken", HeartbeatSeconds=5)
        beats["Parameters"] = {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}
        wait = {"Type": "Wait", "Seconds": 3}
        inner = states(("I1", work), ("I2", {"Type": "Pass"}))
        nested = states(("N1", wait), ("N2", work))
        child = machine(self.world, nested, "child")
        sync = task("arn:aws:states:::states:startExecution.sync:2", Retry=RETRY)
        sync["Parameters"] = {"StateMachineArn": child, "Input": {"n": 1}}
        shapes: dict[str, Json] = {
            "chain": states(("A", work), ("B", wait), ("C", work), ("D", {"Type": "Pass"})),
            "branches": states(
                (
                    "P",
                    {
                        "Type": "Parallel",
                        "Branches": [states(("X", work)), states(("Y", wait), ("Z", work))],
                    },
                )
            ),
            "inline": states(
                (
                    "M",
                    {
                        "Type": "Map",
                        "ItemsPath": "$.items",
                        "MaxConcurrency": 2,
                        "ItemProcessor": inner,
                    },
                )
            ),
            "distributed": states(
                (
                    "M",
                    {
                        "Type": "Map",
                        "ItemsPath": "$.items",
                        "MaxConcurrency": 3,
                        "ToleratedFailurePercentage": 100,
                        "ItemProcessor": {
                            "ProcessorConfig": {
                                "Mode": "DISTRIBUTED",
                                "ExecutionType": self.random.choice(["STANDARD", "EXPRESS"]),
                            },
                            **inner,
                        },
                    },
                )
            ),
            "nested": states(("S", sync)),
            "silent": states(("H", beats)),
        }
        self.machines = [machine(self.world, shape, name) for name, shape in shapes.items()]

    def _work(self, event: Any, _spec: Any) -> Any:
        trouble = self.random.random() if self.faulty else 1.0
        if trouble < 0.1:
            raise SystemFailure("lost", "the machine went away")
        if trouble < 0.2:
            raise FunctionError("Boom", "bad luck")
        return event

    def _fault(self, _where: str) -> bool:
        kill = self.faulty and self.random.random() < 0.05
        self.kills += kill
        return kill

    def try_to(self, operation: str, **params: Any) -> Json | None:
        try:
            return call(self.world, operation, **params)
        except Disconnected:
            return None

    # ---- running
    def run(self, steps: int) -> None:
        self.faulty = True
        for step in range(steps):
            match self.random.choices(
                ["start", "wait", "stop", "lose", "look"], [5, 12, 1, 0.3, 5]
            )[0]:
                case "start":
                    self._start(step)
                case "wait":
                    self.world.advance(self.random.expovariate(0.5))
                case "stop" if self.started:
                    arn = self.random.choice(sorted(self.started))
                    self.try_to("StopExecution", executionArn=arn)
                case "lose":
                    self.world.compute.lose()
                    compute = self.world.compute
                    self.world.engine.agent_changed(compute.instance, compute.known())
                case "look" if self.started:
                    self.look(self.random.choice(sorted(self.started)))
        self.faulty = False

    def _start(self, step: int) -> None:
        arn = self.random.choice(self.machines)
        name = f"e{step}"
        value = json.dumps({"items": list(range(self.random.randrange(8))), "step": step})
        for _ in range(20):  # until the answer arrives: idempotent by name
            try:
                made = self.try_to("StartExecution", stateMachineArn=arn, name=name, input=value)
            except ServiceError as error:
                assert error.code == "ExecutionAlreadyExists"
                made = {"executionArn": f"{arn.replace('stateMachine', 'execution')}:{name}"}
            if made is not None:
                self.started.add(made["executionArn"])
                return

    def look(self, arn: str) -> list[Json]:
        """The history now; what was read before is still there, unchanged."""
        events: list[Json] = []
        token: Json = {}
        while True:
            page = call(self.world, "GetExecutionHistory", executionArn=arn, maxResults=7, **token)
            events += page["events"]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
        before = self.read.get(arn, [])
        assert events[: len(before)] == before, f"history of {arn} was rewritten"
        assert [e["id"] for e in events] == list(range(1, len(events) + 1))
        assert all(0 <= e["previousEventId"] < e["id"] for e in events)
        ends = [at for at, e in enumerate(events) if e["type"] in FINAL]
        assert not ends or ends == [len(events) - 1], [e["type"] for e in events]
        self.read[arn] = events
        return events

    def finish(self) -> None:
        self.world.advance(3600)
        for arn in sorted(self.started):
            events = self.look(arn)
            assert events[-1]["type"] in FINAL, (arn, [e["type"] for e in events])
            told = call(self.world, "DescribeExecution", executionArn=arn)
            assert told["status"] != "RUNNING"
            entered = Counter(e["type"].split("State")[0] for e in events)
            assert entered
        assert not self.world.effects()
        reader = self.world.kernel.reader
        for table in ("sfn_task", "sfn_watch", "sfn_pending"):
            assert not reader.execute(f"SELECT * FROM {table}").fetchall(), table
        live = "SELECT COUNT(*) FROM sfn_execution WHERE status = 'RUNNING'"
        assert reader.execute(live).fetchone()[0] == 0
        orphans = (
            "SELECT COUNT(*) FROM sfn_live l LEFT JOIN sfn_execution e ON e.id = l.execution"
            " WHERE e.status = 'SUCCEEDED'"
        )
        assert reader.execute(orphans).fetchone()[0] == 0


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_or_done_twice(tmp_path: Path, seed: int) -> None:
    chaos = Chaos(tmp_path, seed)
    try:
        chaos.run(60)
        assert chaos.kills
        chaos.finish()
    finally:
        chaos.world.close()


def test_a_result_that_was_committed_is_not_computed_again(world: World) -> None:
    """Killed at every commit of a chain in turn: each function is reported exactly once."""
    functions.create(world, "f")
    world.compute.handlers["f"] = lambda event, _spec: event
    chain = states(*((f"S{n}", task(functions.arn("f"))) for n in range(5)))
    arn = machine(world, chain)
    commits = 0

    def fault(where: str) -> bool:
        nonlocal commits
        commits += where == "after commit"
        return where == "after commit" and commits % 2 == 0

    started = call(world, "StartExecution", stateMachineArn=arn, input="{}")["executionArn"]
    world.fault = fault
    world.advance(60)
    world.fault = lambda _where: False
    world.advance(60)
    told = call(world, "DescribeExecution", executionArn=started)
    assert told["status"] == "SUCCEEDED"
    assert commits > 5
    assert len({spec["run_id"] for spec in world.compute.started}) == 5
    assert len(world.compute.started) == 5
