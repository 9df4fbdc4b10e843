"""The value of an execution: small records, so that only those that changed are written.

A *frame* is a thread of control: the machine itself (`0`), a Parallel branch or a Map iteration
(`0.3`: the fourth child of frame `0`). A *join* counts the children of a frame that is in a Map
or Parallel state; the array a Map goes over is kept apart because it never changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from owari.services.stepfunctions.asl.json_text import loads

ROOT = "0"
RUNNING, SUCCEEDED, FAILED, ABORTED, TIMED_OUT = (
    "RUNNING", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT",
)  # fmt: skip
UNREAD: Any = object()


@dataclass(slots=True)
class Execution:
    """What is the same for all frames. Times are epoch milliseconds; `events` is how many
    events the history has. `ready` are the frames to go on with when a turn was cut short."""

    arn: str
    name: str
    machine_arn: str
    machine_name: str
    role_arn: str | None
    input: str
    started_ms: int
    redrive_count: int | None = 0
    redriven_ms: int | None = None
    status: str = RUNNING
    events: int = 0
    ready: list[str] = field(default_factory=list)
    output: str | None = None
    error: str | None = None
    cause: str | None = None


@dataclass(slots=True)
class Frame:
    """`text` is the current state's input, as JSON text. `previous` is the event the next one
    follows, `entered` that of the current state's entry (0: not yet), `before` the one before it.
    `wait` is what the frame waits for (a task's token, a timer's key, "children"), `timers` its
    timers' keys and times (ms); `token` is a task token its expressions may see. `done`: it has
    ended, with `text` as its output.
    """

    id: str
    part: str
    state: str
    text: str
    previous: int
    index: int = 0
    variables: dict[str, Any] = field(default_factory=dict)
    entered: int = 0
    entered_ms: int = 0
    before: int = 0
    attempts: dict[str, int] = field(default_factory=dict)
    retries: int = 0
    wait: str | None = None
    token: str | None = None
    timers: dict[str, int] = field(default_factory=dict)
    done: bool = False
    read: Any = UNREAD

    @property
    def value(self) -> Any:
        """The state's input, parsed at most once per turn."""
        if self.read is UNREAD:
            self.read = loads(self.text)
        return self.read

    @property
    def parent(self) -> str | None:
        return self.id.rpartition(".")[0] or None

    def set_input(self, text: str, value: Any = UNREAD) -> None:
        self.text = text
        self.read = value


@dataclass(slots=True)
class Join:
    """How far the children of `frame` are. `limit` is how many may run at once. `first` is the
    id of the event that started them; `run_arn` names a distributed Map's run."""

    frame: str
    total: int
    limit: int
    first: int
    next: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    tolerated_count: int | None = None
    tolerated_percentage: float | None = None
    run_arn: str | None = None
    run_event: int = 0
    redrives: int = 0


@dataclass(slots=True)
class Live:
    """The live records of one execution. A store may subclass it to load them on demand and to
    write those in `changed` and delete those in `removed` (kinds "frame", "join", "items")."""

    execution: Execution
    frames: dict[str, Frame] = field(default_factory=dict)
    joins: dict[str, Join] = field(default_factory=dict)
    items: dict[str, list[Any]] = field(default_factory=dict)
    changed: set[tuple[str, str]] = field(default_factory=set)
    removed: set[tuple[str, str]] = field(default_factory=set)

    def frame(self, frame_id: str) -> Frame | None:
        return self.frames.get(frame_id)

    def join(self, frame_id: str) -> Join:
        return self.joins[frame_id]

    def items_of(self, frame_id: str) -> list[Any]:
        return self.items[frame_id]

    def child_texts(self, frame_id: str, total: int) -> list[str]:
        """The outputs of all children, which have all ended."""
        return [self.frames[f"{frame_id}.{at}"].text for at in range(total)]

    def put(self, frame: Frame) -> None:
        self.frames[frame.id] = frame
        self.touch("frame", frame.id)

    def put_join(self, join: Join) -> None:
        self.joins[join.frame] = join
        self.touch("join", join.frame)

    def put_items(self, frame_id: str, items: list[Any]) -> None:
        self.items[frame_id] = items
        self.touch("items", frame_id)

    def touch(self, kind: str, key: str) -> None:
        self.changed.add((kind, key))
        self.removed.discard((kind, key))

    def remove(self, frame_id: str) -> None:
        if self.frames.pop(frame_id, None) is not None:
            self._gone("frame", frame_id)

    def remove_join(self, frame_id: str) -> None:
        if self.joins.pop(frame_id, None) is not None:
            self._gone("join", frame_id)
        if self.items.pop(frame_id, None) is not None:
            self._gone("items", frame_id)

    def _gone(self, kind: str, key: str) -> None:
        self.changed.discard((kind, key))
        self.removed.add((kind, key))
