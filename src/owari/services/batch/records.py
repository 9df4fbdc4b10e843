"""A job and a task as their rows have them. Times in epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from owari.effects import OF_RUN
from owari.services.batch import core
from owari.services.batch.core import SLOT, array_status, status_of
from owari.services.batch.demands import Size
from owari.services.batch.names import JOB, batch_arn
from owari.services.batch.parts import STARTED, Part
from owari.store.encode import dumps, loads

SINGLE, ARRAY, MULTINODE = "single", "array", "multinode"
ITSELF = -1  # the index of the one unit of a job that is no array
NOTHING = "[]"  # claims of what waits at the agent for a place that another holds


@dataclass(slots=True)
class Job:
    """One row of `batch_job`; tables.py says what is what."""

    account: str
    region: str
    id: str
    seq: int
    name: str
    queue: str
    line: str
    share: str
    priority: int
    definition: str
    kind: str
    size: int
    body: str
    created: float
    status: str
    reason: str
    why: str
    why_since: float
    released: float | None
    started: float | None
    stopped: float | None
    changed: float
    waiting_on: int
    followers: int
    rest: str
    next_chunk: int
    pending: int
    runnable: int
    starting: int
    running: int
    succeeded: int
    failed: int
    cancel_reason: str | None
    terminate_reason: str | None
    trace: str  # of what it causes: its runs belong to whoever submitted it

    @property
    def key(self) -> tuple[str, str, str]:
        return self.account, self.region, self.id

    @property
    def is_array(self) -> bool:
        return self.kind == ARRAY

    @property
    def arn(self) -> str:
        return batch_arn(self.account, self.region, JOB, self.id)

    @property
    def counts(self) -> tuple[int, ...]:
        """By status, in the order of core.COUNTED."""
        return (
            self.pending,
            self.runnable,
            self.starting,
            self.running,
            self.succeeded,
            self.failed,
        )

    @property
    def has_ended(self) -> bool:
        return self.succeeded + self.failed == self.size

    def shift(self, of: str, to: str, n: int = 1) -> None:
        """Count `n` units from one state to another, and derive the job's own status."""
        for letter, change in ((of, -n), (to, n)):
            name = core.COUNTED[SLOT[letter]].lower()
            setattr(self, name, getattr(self, name) + change)
        self.status = array_status(self.counts) if self.is_array else status_of(self.rest)

    def reason_of(self, state: str) -> str:
        """Why a unit without a row of its own is in this state."""
        match state:
            case core.SUCCEEDED:
                return core.EXITED
            case core.CANCELLED:
                return self.cancel_reason or ""
            case core.TERMINATED:
                return self.terminate_reason or ""
            case core.ORPHANED:
                return core.DEPENDENCY_FAILED
            case core.RUNNABLE:
                return self.why
            case _:
                return ""


@dataclass(slots=True)
class Task:
    """One row of `batch_task`; some columns are JSON.

    `claims`: what it holds, [[kind, owner, amount], …]; `agents`: where each part runs and with
    how much, [[instance, vCPU thousandths, MiB, GPUs], …]; `attempts`: those that ended.
    """

    account: str
    region: str
    job: str
    idx: int
    attempt: int
    live: int
    placed: int
    queue: str
    share: str
    environment: str
    agents: str
    claims: str
    parts: str
    attempts: str
    reason: str
    stop_reason: str | None
    started: float | None
    stopped: float | None

    def parts_now(self) -> list[Part]:
        return [Part(*part) for part in loads(self.parts)]

    def agents_now(self) -> list[str]:
        return [agent[0] for agent in loads(self.agents)]

    def size_of_part(self, number: int) -> Size:
        return Size(*loads(self.agents)[number][1:])

    def set_parts(self, parts: list[Part]) -> None:
        self.parts = dumps([part.as_json() for part in parts])

    @property
    def stretch(self) -> str | None:
        """The run of the stretch that its one part belongs to."""
        run, separator, _ = self.parts_now()[0].run.partition(OF_RUN)
        return run if separator else None

    def attempts_so_far(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = loads(self.attempts)
        return found


@dataclass(slots=True)
class Stretch:
    """One row of `batch_stretch`: children of an array that an agent was given together, in one
    run, at their first attempt. `indexes` is JSON, the other columns are as a task's; `unended`
    counts those still to end.
    """

    account: str
    region: str
    job: str
    run: str
    unended: int
    indexes: str
    placed: int
    queue: str
    share: str
    environment: str
    agents: str
    claims: str
    reason: str

    @property
    def children(self) -> tuple[int, ...]:
        return _children(self.indexes)

    def size_of_part(self) -> Size:
        return Size(*loads(self.agents)[0][1:])

    def task(self, index: int) -> Task:
        """What one of its children would have as a row. It holds nothing itself."""
        part = Part(state=STARTED, run=f"{self.run}{OF_RUN}{index}")
        return Task(
            account=self.account, region=self.region, job=self.job, idx=index, attempt=1, live=1,
            placed=self.placed, queue=self.queue, share=self.share, environment=self.environment,
            agents=self.agents, claims=NOTHING, parts=dumps([part.as_json()]), attempts="[]",
            reason=self.reason, stop_reason=None, started=None, stopped=None,
        )  # fmt: skip


@lru_cache(maxsize=256)
def _children(indexes: str) -> tuple[int, ...]:
    return tuple(loads(indexes))


@dataclass(slots=True)
class Scheduler:
    """What the last decision left for the next, and for hand-overs before it (handover.py)."""

    dirty: int
    decision: int
    agents: str | None
    reservations: str
    heir: str


JOB_COLUMNS = tuple(f.name for f in fields(Job))
JOB_FIXED = 14  # columns that never change after the insert come first
TASK_COLUMNS = tuple(f.name for f in fields(Task))
STRETCH_COLUMNS = tuple(f.name for f in fields(Stretch))
SCHEDULER_COLUMNS = tuple(f.name for f in fields(Scheduler))
