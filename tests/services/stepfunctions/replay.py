"""Runs the pure interpreter on its own: virtual time, scripted tasks, children in the same way."""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from owari.services.stepfunctions.asl import instructions as do
from owari.services.stepfunctions.asl import reports as told
from owari.services.stepfunctions.asl.compiler import compile_machine
from owari.services.stepfunctions.asl.definition import Machine
from owari.services.stepfunctions.asl.frames import Execution, Frame, Join, Live
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.machine import step

START_MS = 1_795_355_640_000
UNSET: Any = object()
MACHINE_ARN = "arn:aws:states:us-east-1:111111111111:stateMachine:machine"


@dataclass
class Counted:
    """Ids that count up, and one random number."""

    number: int = 0

    def uuid(self) -> str:
        self.number += 1
        return f"00000000-0000-4000-8000-{self.number:012d}"

    def random(self) -> float:
        return 0.5


def new_execution(text: str, now_ms: int = START_MS) -> Execution:
    return Execution(
        arn="arn:aws:states:us-east-1:111111111111:execution:machine:run",
        name="run",
        machine_arn=MACHINE_ARN,
        machine_name="machine",
        role_arn="arn:aws:iam::111111111111:role/role",
        input=text,
        started_ms=now_ms,
    )


@dataclass
class Rows:
    """A store that is told only what the interpreter says has changed."""

    rows: dict[tuple[str, str], str] = field(default_factory=dict)

    def save(self, live: Live) -> None:
        held: dict[str, dict[str, Any]] = {
            "frame": live.frames, "join": live.joins, "items": live.items,
        }  # fmt: skip
        for kind, key in live.changed:
            record = held[kind][key]
            self.rows[kind, key] = dumps(record if kind == "items" else members(record))
        for gone in live.removed:
            self.rows.pop(gone, None)

    def load(self, execution: Execution) -> Live:
        live = Live(Execution(**members(execution)))
        for (kind, key), text in self.rows.items():
            match kind:
                case "frame":
                    live.frames[key] = Frame(**json.loads(text))
                case "join":
                    live.joins[key] = Join(**json.loads(text))
                case _:
                    live.items[key] = json.loads(text)
        return live


def members(record: Any) -> dict[str, Any]:
    """A record as JSON; a frame's parsed input is not stored, its text is."""
    return {f.name: getattr(record, f.name) for f in fields(record) if f.name != "read"}


Tasks = Callable[[do.ScheduleTask], list[told.Report]]


def echo(task: do.ScheduleTask) -> list[told.Report]:
    """Every task's result is what it was given."""
    return [told.TaskSucceeded(task.frame, task.token, task.parameters)]


def no_tasks(task: do.ScheduleTask) -> list[told.Report]:
    raise AssertionError(f"no task was expected: {task}")


@dataclass
class Runner:
    """Drives one execution until it ends or has nothing left to wait for."""

    machine: Machine
    live: Live
    tasks: Tasks = no_tasks
    child_tasks: Tasks = echo
    now_ms: int = START_MS
    chance: Counted = field(default_factory=Counted)
    activity_exists: Callable[[str], bool] = lambda arn: True
    read_items: Callable[[do.ReadItems], told.Report] | None = None
    write_results: Callable[[do.WriteResults], told.Report] | None = None
    until_ms: int = START_MS + 86_400_000 * 366
    events: list[dict[str, Any]] = field(default_factory=list)
    instructions: list[do.Instruction] = field(default_factory=list)
    timers: dict[tuple[str, str], int] = field(default_factory=dict)
    heap: list[tuple[int, int, str, str]] = field(default_factory=list)
    inbox: deque[told.Report] = field(default_factory=deque)
    turns: int = 0
    transitions_max: int = 200
    stored: bool = False
    rows: Rows = field(default_factory=Rows)

    def tell(self, report: told.Report) -> None:
        self.turns += 1
        outcome = step(
            self.machine,
            self.live,
            report,
            now_ms=self.now_ms,
            chance=self.chance,
            activity_exists=self.activity_exists,
            transitions_max=self.transitions_max,
        )
        if self.stored:
            self.rows.save(self.live)
            self.live = self.rows.load(self.live.execution)
        self.events += outcome.events
        self.instructions += outcome.instructions
        for instruction in outcome.instructions:
            self.obey(instruction)

    def obey(self, instruction: do.Instruction) -> None:
        match instruction:
            case do.StartTimer(frame, key, at_ms):
                self.timers[frame, key] = at_ms
                heapq.heappush(self.heap, (at_ms, len(self.events), frame, key))
            case do.CancelTimer(frame, key):
                self.timers.pop((frame, key), None)
            case do.ScheduleTask():
                self.inbox.extend(self.tasks(instruction))
            case do.Continue():
                self.inbox.append(told.Continued())
            case do.StartChild():
                self.inbox.append(self.child(instruction))
            case do.ReadItems():
                assert self.read_items is not None
                self.inbox.append(self.read_items(instruction))
            case do.WriteResults():
                assert self.write_results is not None
                self.inbox.append(self.write_results(instruction))

    def child(self, start: do.StartChild) -> told.ChildFinished:
        child = Runner(
            self.machine.sub(start.part),
            Live(new_execution(start.input)),
            tasks=self.child_tasks,
            chance=self.chance,
        )
        child.run()
        ended = child.live.execution
        return told.ChildFinished(
            start.frame, start.run_arn, start.index, ended.status, ended.output, ended.error,
            ended.cause,
        )  # fmt: skip

    def run(self) -> None:
        self.tell(told.Started())
        self.go_on()

    def go_on(self) -> None:
        while self.live.execution.status == "RUNNING":
            if self.inbox:
                self.tell(self.inbox.popleft())
            elif not self._next_timer():
                return

    def _next_timer(self) -> bool:
        while self.heap:
            at_ms, _, frame, key = heapq.heappop(self.heap)
            if self.timers.get((frame, key)) != at_ms:
                continue
            if at_ms > self.until_ms:
                return False
            del self.timers[frame, key]
            self.now_ms = max(self.now_ms, at_ms)
            self.tell(told.TimerFired(frame, key))
            return True
        return False


def run(
    definition: dict[str, Any],
    value: Any = UNSET,
    *,
    tasks: Tasks = no_tasks,
    text: str = "",
    **more: Any,
) -> Runner:
    runner = Runner(
        compile_machine(definition),
        Live(new_execution(text or dumps({} if value is UNSET else value))),
        tasks=tasks,
        **more,
    )
    runner.run()
    return runner


def loads_object(text: Any) -> Any:
    """As the recordings hold texts: an object parsed, anything else as it was."""
    if not isinstance(text, str):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text
