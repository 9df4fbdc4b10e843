"""One turn of the interpreter: what it has been told, and what it has done so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from owari.services.stepfunctions.asl import history
from owari.services.stepfunctions.asl.definition import Machine, State
from owari.services.stepfunctions.asl.frames import Frame, Live
from owari.services.stepfunctions.asl.instructions import Instruction
from owari.services.stepfunctions.asl.json_text import loads
from owari.services.stepfunctions.asl.scope import Chance, Scope

TRANSITIONS_MAX = 200


def iso(now_ms: int) -> str:
    """As the context object gives times."""
    moment = datetime.fromtimestamp(now_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{now_ms % 1000:03d}Z"


@dataclass(slots=True)
class Turn:
    """`activity_exists` tells whether an activity's ARN names one. TestState sets `trace`, to be
    shown intermediate values, may give the context object, and shows another state name."""

    machine: Machine
    live: Live
    now_ms: int
    chance: Chance
    activity_exists: Callable[[str], bool]
    events: list[history.Event] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    ready: deque[str] = field(default_factory=deque)
    begun: list[tuple[str, str]] = field(default_factory=list)
    transitions: int = 0
    transitions_max: int = TRANSITIONS_MAX
    inputs: dict[str, Any] = field(default_factory=dict)
    trace: dict[str, Any] | None = None
    given_context: dict[str, Any] | None = None
    shown_name: str | None = None

    def note(self, name: str, value: Any) -> None:
        """For TestState's inspection data, under AWS's name."""
        if self.trace is not None:
            self.trace[name] = value

    def emit(self, frame: Frame, kind: str, details: history.Details | None = None) -> int:
        """An event that the frame's next one follows. Returns its id."""
        number = frame.previous = self.record(kind, frame.previous, details)
        return number

    def record(self, kind: str, previous: int, details: history.Details | None = None) -> int:
        """An event beside the chain. HistoryFull when it would take the last one's place."""
        execution = self.live.execution
        if execution.events >= history.EVENTS_MAX - 1 and not kind.startswith("Execution"):
            raise history.HistoryFull
        number = execution.events = execution.events + 1
        self.events.append(history.event(number, previous, self.now_ms, kind, details))
        return number

    def instruct(self, instruction: Instruction) -> None:
        self.instructions.append(instruction)

    def state(self, frame: Frame) -> State:
        return self.machine.parts[frame.part].states[frame.state]

    def execution_input(self) -> Any:
        """Parsed once per turn, and only if the context object is looked at."""
        if "input" not in self.inputs:
            self.inputs["input"] = loads(self.live.execution.input)
        return self.inputs["input"]


@dataclass(slots=True)
class Around:
    """What the expressions of a frame's current state can see besides their data."""

    turn: Turn
    frame: Frame
    item: dict[str, Any] | None = None
    known: dict[str, Any] | None = None
    seen: dict[str, Any] | None = None

    @property
    def now_ms(self) -> int:
        return self.turn.now_ms

    @property
    def chance(self) -> Chance:
        return self.turn.chance

    def variables(self) -> dict[str, Any]:
        """Those of the frame and of the frames around it; the nearest wins."""
        if self.seen is None:
            self.seen = visible_variables(self.turn, self.frame)
        return self.seen

    def context(self) -> dict[str, Any]:
        if self.known is None:
            given = self.turn.given_context
            self.known = given or make_context(self.turn, self.frame, self.item)
        return self.known

    def scope(self, data: Any, states: dict[str, Any] | None = None) -> Scope:
        return Scope(data, self, states)


def visible_variables(turn: Turn, frame: Frame) -> dict[str, Any]:
    parent = frame.parent
    if parent is None:
        return frame.variables
    outer = turn.live.frame(parent)
    if outer is None:
        return frame.variables
    return {**visible_variables(turn, outer), **frame.variables}


def make_context(turn: Turn, frame: Frame, item: dict[str, Any] | None) -> dict[str, Any]:
    """AWS: "Accessing execution data from the Context object in Step Functions"."""
    execution, state = turn.live.execution, turn.state(frame)
    about: dict[str, Any] = {
        "Id": execution.arn,
        "Input": turn.execution_input(),
        "StartTime": iso(execution.started_ms),
        "Name": execution.name,
        "RoleArn": execution.role_arn,
    }
    if execution.redrive_count is not None:
        about["RedriveCount"] = execution.redrive_count
    if execution.redriven_ms is not None:
        about["RedriveTime"] = iso(execution.redriven_ms)
    name = turn.shown_name or frame.state
    entered: dict[str, Any] = {"Name": name, "EnteredTime": iso(frame.entered_ms)}
    if state.type in ("Task", "Parallel", "Map"):
        entered["RetryCount"] = frame.retries
    made: dict[str, Any] = {
        "Execution": about,
        "StateMachine": {"Id": execution.machine_arn, "Name": execution.machine_name},
        "State": entered,
    }
    if frame.token is not None:
        made["Task"] = {"Token": frame.token}
    found = item if item is not None else _item_of(turn, frame)
    if found is not None:
        made["Map"] = {"Item": found}
    return made


def _item_of(turn: Turn, frame: Frame) -> dict[str, Any] | None:
    """The item of the nearest Map iteration around the frame."""
    at: Frame | None = frame
    while at is not None and (parent := at.parent) is not None:
        if parent in turn.live.items:
            return {"Index": at.index, "Value": turn.live.items_of(parent)[at.index]}
        at = turn.live.frame(parent)
    return None
