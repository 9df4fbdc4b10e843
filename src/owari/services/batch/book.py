"""The book: one transaction's view of jobs, chunks and tasks. Loaded once, written once.

Every change of a unit's state goes through `move` or `move_all`, which keep letters, counts and
the derived status together; `close` writes what changed. A reaction opens a book, does what it
has to, and closes it; nobody else writes these three tables.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from owari.services.batch.children import CHUNK, Chunk, chunk_of
from owari.services.batch.core import LIVE, RUNNABLE, SLOT, TRANSITIONS
from owari.services.batch.records import (
    JOB_COLUMNS,
    JOB_FIXED,
    SCHEDULER_COLUMNS,
    STRETCH_COLUMNS,
    TASK_COLUMNS,
    Job,
    Scheduler,
    Stretch,
    Task,
)
from owari.store.tx import Row, Tx

_JOB = f"SELECT {', '.join(JOB_COLUMNS)} FROM batch_job"
_INSERT_JOB = (
    f"INSERT INTO batch_job ({', '.join(JOB_COLUMNS)}) VALUES ({', '.join('?' * len(JOB_COLUMNS))})"
)
_UPDATE_JOB = (
    f"UPDATE batch_job SET {', '.join(f'{c} = ?' for c in JOB_COLUMNS[JOB_FIXED:])}"
    " WHERE account = ? AND region = ? AND id = ?"
)
_CHUNK = "SELECT number, states, times FROM batch_chunk"
_KEY = "account = ? AND region = ? AND job = ?"
_SAVE_CHUNK = (
    "INSERT INTO batch_chunk (account, region, job, number, ready, states, times)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, job, number)"
    " DO UPDATE SET ready = excluded.ready, states = excluded.states, times = excluded.times"
)
_TASK = f"SELECT {', '.join(TASK_COLUMNS)} FROM batch_task"
_SAVE_TASK = (
    f"INSERT INTO batch_task ({', '.join(TASK_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(TASK_COLUMNS))})"
    " ON CONFLICT (account, region, job, idx) DO UPDATE SET "
    + ", ".join(f"{c} = excluded.{c}" for c in TASK_COLUMNS[4:])
)


_STRETCH = f"SELECT {', '.join(STRETCH_COLUMNS)} FROM batch_stretch"
_SAVE_STRETCH = (
    f"INSERT INTO batch_stretch ({', '.join(STRETCH_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(STRETCH_COLUMNS))})"
    " ON CONFLICT (account, region, job, run) DO UPDATE SET"
    " unended = excluded.unended, claims = excluded.claims"
)
_DROP_STRETCH = f"DELETE FROM batch_stretch WHERE {_KEY} AND run = ?"
_SCHEDULER = f"SELECT {', '.join(SCHEDULER_COLUMNS)} FROM batch_scheduler WHERE id = 1"
_SAVE_SCHEDULER = "UPDATE batch_scheduler SET decision = ?, reservations = ? WHERE id = 1"
_DROP_TASK = f"DELETE FROM batch_task WHERE {_KEY} AND idx = ?"


class Book:
    """`became_ready` is set once anything is runnable that was not. `kept` is for what others
    look up once and believe as long as this view lives."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        self.became_ready = False
        self._jobs: dict[str, Job] = {}
        self._chunks: dict[tuple[str, int], Chunk] = {}
        self._tasks: dict[tuple[str, int], Task] = {}
        self._changed_jobs: dict[str, Job] = {}
        self._changed_chunks: dict[tuple[str, int], Job] = {}
        self._changed_tasks: dict[tuple[str, int], Task] = {}
        self._dropped: dict[tuple[str, int], Task] = {}
        self._live_loaded: set[str] = set()  # jobs whose live tasks are all here
        self._stretches: dict[str, dict[str, Stretch]] = {}  # by job, by run
        self._changed_stretches: dict[str, Stretch] = {}
        self._ready: dict[str, list[int]] = {}
        self._scheduler: Scheduler | None = None
        self.kept: dict[tuple[str, str], Any] = {}

    @property
    def scheduler(self) -> Scheduler:
        """`decision` and `reservations` are written back by `close`."""
        if self._scheduler is None:
            row = self.tx.one(_SCHEDULER)
            assert row is not None
            self._scheduler = Scheduler(*row)
        return self._scheduler

    # ---- jobs
    def job(self, account: str, region: str, id: str) -> Job | None:
        found = self._jobs.get(id)
        if found is None:
            row = self.tx.one(
                f"{_JOB} WHERE account = ? AND region = ? AND id = ?", account, region, id
            )
            if row is None:
                return None
            found = self._jobs[id] = Job(*row)
        return found if (found.account, found.region) == (account, region) else None

    def add(self, job: Job) -> None:
        self._jobs[job.id] = job
        self.tx.run(_INSERT_JOB, *(getattr(job, c) for c in JOB_COLUMNS))
        self.became_ready = self.became_ready or job.runnable > 0

    def touch(self, job: Job) -> None:
        self._changed_jobs[job.id] = job

    # ---- units
    def state(self, job: Job, index: int) -> str:
        if not job.is_array:
            return job.rest
        chunk = self.peek(job, chunk_of(index))
        return chunk.state(index) if chunk else job.rest

    def move(self, job: Job, index: int, to: str, times: tuple[float, float] | None = None) -> None:
        """`times`: (started, stopped) of a child that succeeded and needs no row."""
        if job.is_array:
            chunk = self.chunk(job, chunk_of(index))
            before = chunk.move(index, to)
            if times is not None:
                chunk.set_times(index, *times)
            self._changed_chunks[job.id, chunk.number] = job
        else:
            before = job.rest
            assert to in TRANSITIONS.get(before, ""), f"{job.id}: {before} does not become {to}"
            job.rest = to
        self._count(job, before, to, 1)

    def move_all(self, job: Job, of: str, to: str) -> int:
        """Every unit in one of the states `of`; returns how many."""
        moved: dict[str, int] = {}
        unmaterialised = 1
        if job.is_array:
            chunks = self.chunks(job)
            unmaterialised = job.size - sum(len(c.states) for c in chunks)
            for chunk in chunks:
                for letter, n in chunk.move_all(of, to).items():
                    moved[letter] = moved.get(letter, 0) + n
                    self._changed_chunks[job.id, chunk.number] = job
        if job.rest in of:
            if unmaterialised:
                moved[job.rest] = moved.get(job.rest, 0) + unmaterialised
            job.rest = to
        for letter, n in moved.items():
            self._count(job, letter, to, n)
        return sum(moved.values())

    def _count(self, job: Job, of: str, to: str, n: int) -> None:
        job.shift(of, to, n)
        job.changed = self.tx.now
        if to == RUNNABLE:
            self.became_ready = True
            job.released = self.tx.now if job.released is None else job.released
        self.touch(job)

    def take_ready(self, job: Job, most: int) -> list[int]:
        """Indexes of the first runnable units, retried ones included. They are not moved."""
        if not job.is_array:
            return [-1] if job.rest == RUNNABLE else []
        found: list[int] = []
        for number in self._ready_chunks(job):
            if len(found) == most:
                return found
            found += self.chunk(job, number).take_ready(most - len(found))
        while len(found) < most and job.rest == RUNNABLE and job.next_chunk * CHUNK < job.size:
            number, job.next_chunk = job.next_chunk, job.next_chunk + 1
            self.touch(job)
            if self.peek(job, number) is None:
                found += self.chunk(job, number).take_ready(most - len(found))
        return found

    # ---- chunks
    def peek(self, job: Job, number: int) -> Chunk | None:
        """None when all its children are at rest."""
        found = self._chunks.get((job.id, number))
        if found is None:
            row = self.tx.one(f"{_CHUNK} WHERE {_KEY} AND number = ?", *job.key, number)
            found = self._remember(job, row) if row else None
        return found

    def chunk(self, job: Job, number: int) -> Chunk:
        """Made when it is not there."""
        found = self.peek(job, number)
        if found is None:
            found = self._chunks[job.id, number] = Chunk.fresh(job.size, number, job.rest)
            self._changed_chunks[job.id, number] = job
        return found

    def chunks(self, job: Job) -> list[Chunk]:
        """Those that are there, by number."""
        for row in self.tx.all(f"{_CHUNK} WHERE {_KEY} ORDER BY number", *job.key):
            self._remember(job, row)
        return sorted(
            (c for (id, _), c in self._chunks.items() if id == job.id), key=lambda c: c.number
        )

    def _ready_chunks(self, job: Job) -> list[int]:
        """Numbers of those that have, or had when first asked for, a runnable child."""
        if job.id not in self._ready:
            rows = self.tx.all(
                f"SELECT number FROM batch_chunk WHERE {_KEY} AND ready > 0", *job.key
            )
            self._ready[job.id] = [row["number"] for row in rows]
        changed = (
            number
            for (id, number), chunk in self._chunks.items()
            if id == job.id and chunk.has_ready
        )
        return sorted({*self._ready[job.id], *changed})

    def _remember(self, job: Job, row: Row) -> Chunk:
        key = (job.id, row["number"])
        if key not in self._chunks:
            self._chunks[key] = Chunk(
                row["number"], bytearray(row["states"]), bytearray(row["times"])
            )
        return self._chunks[key]

    # ---- tasks
    def task(self, job: Job, index: int) -> Task | None:
        found = self._tasks.get((job.id, index))
        if found is None:
            if (job.id, index) in self._dropped:
                return None
            row = self.tx.one(f"{_TASK} WHERE {_KEY} AND idx = ?", *job.key, index)
            task = Task(*row) if row is not None else self._in_stretch(job, index)
            if task is None:
                return None
            found = self._tasks[job.id, index] = task
        return found

    def _in_stretch(self, job: Job, index: int) -> Task | None:
        if not job.is_array or self.state(job, index) not in LIVE:
            return None
        having = (s for s in self.stretches(job) if index in s.children)
        return next((stretch.task(index) for stretch in having), None)

    def live_tasks(self, job: Job) -> list[Task]:
        self._load_live(job)
        for stretch in self.stretches(job):
            for index in stretch.children:
                if (job.id, index) not in self._tasks and self.state(job, index) in LIVE:
                    self._tasks[job.id, index] = stretch.task(index)
        mine = (t for (id, _), t in self._tasks.items() if id == job.id and t.live)
        return sorted(mine, key=lambda task: task.idx)

    def has_live_row(self, job: Job, index: int) -> bool:
        """Whether a child under way has a row of its own."""
        self._load_live(job)
        return (job.id, index) in self._tasks

    def _load_live(self, job: Job) -> None:
        if job.id in self._live_loaded:
            return
        self._live_loaded.add(job.id)
        for row in self.tx.all(f"{_TASK} WHERE {_KEY} AND live = 1", *job.key):
            if (job.id, row["idx"]) not in self._dropped:
                self._tasks.setdefault((job.id, row["idx"]), Task(*row))

    def have_rows(self, job: Job, first: int, last: int) -> set[int]:
        """Which children from one to another were tried before."""
        rows = self.tx.all(
            f"SELECT idx FROM batch_task WHERE {_KEY} AND idx BETWEEN ? AND ?",
            *job.key,
            first,
            last,
        )
        saved = {index for id, index in self._tasks if id == job.id and first <= index <= last}
        return saved | {row["idx"] for row in rows}

    def save(self, task: Task) -> None:
        self._tasks[task.job, task.idx] = task
        self._changed_tasks[task.job, task.idx] = task
        self._dropped.pop((task.job, task.idx), None)

    def drop(self, task: Task) -> None:
        """It says no more than the chunk does."""
        self._tasks.pop((task.job, task.idx), None)
        self._changed_tasks.pop((task.job, task.idx), None)
        self._dropped[task.job, task.idx] = task

    # ---- stretches
    def stretches(self, job: Job) -> list[Stretch]:
        """Those with children that have not ended, the oldest first."""
        found = self._stretches.get(job.id)
        if found is None:
            rows = self.tx.all(f"{_STRETCH} WHERE {_KEY} ORDER BY placed", *job.key)
            found = self._stretches[job.id] = {row["run"]: Stretch(*row) for row in rows}
        return [stretch for stretch in found.values() if stretch.unended]

    def stretch(self, job: Job, run: str) -> Stretch | None:
        return next((s for s in self.stretches(job) if s.run == run), None)

    def save_stretch(self, job: Job, stretch: Stretch) -> None:
        self.stretches(job)
        self._stretches[job.id][stretch.run] = stretch
        self._changed_stretches[stretch.run] = stretch

    # ---- the end
    def close(self) -> None:
        """Write what changed."""
        for job in self._changed_jobs.values():
            assert sum(job.counts) == job.size and min(job.counts) >= 0, f"{job.id} miscounted"
            self.tx.run(_UPDATE_JOB, *(getattr(job, c) for c in JOB_COLUMNS[JOB_FIXED:]), *job.key)
        for (id, number), job in self._changed_chunks.items():
            chunk = self._chunks[id, number]
            self.tx.run(
                _SAVE_CHUNK, *job.key, number, chunk.ready, bytes(chunk.states), bytes(chunk.times)
            )
        self.tx.run_many(
            _DROP_TASK, [(t.account, t.region, t.job, t.idx) for t in self._dropped.values()]
        )
        self.tx.run_many(_SAVE_TASK, [_task_row(t) for t in self._changed_tasks.values()])
        for stretch in self._changed_stretches.values():
            if stretch.unended:
                self.tx.run(_SAVE_STRETCH, *_stretch_row(stretch))
            else:
                self.tx.run(
                    _DROP_STRETCH, stretch.account, stretch.region, stretch.job, stretch.run
                )
        if self._scheduler is not None:
            known = self._scheduler
            self.tx.run(_SAVE_SCHEDULER, known.decision, known.reservations)
        self._dropped.clear()
        self._changed_jobs.clear()
        self._changed_chunks.clear()
        self._changed_tasks.clear()
        self._changed_stretches.clear()


_stretch_row = attrgetter(*STRETCH_COLUMNS)
_task_row = attrgetter(*TASK_COLUMNS)


def counts_at_rest(size: int, state: str) -> dict[str, int]:
    """The counters of a job all of whose units are in one state."""
    names = ("pending", "runnable", "starting", "running", "succeeded", "failed")
    made = dict.fromkeys(names, 0)
    made[names[SLOT[state]]] = size
    return made
