"""Process runs: Batch attempts and ECS containers. Started once, limited, logged, reported.

Theory of operation. A run waits until its image is known (image_lookup.py) and it fits into what
is free (ledger.py), then goes to a keeper (spawner.py), which starts it and tells of its start,
its output and its end. A keeper whose jobs last a few milliseconds is sent some ahead, so that
it need not wait for us between them; it gives back those that would have to wait.

Reports are journaled, many at once, before they are sent (core.py); logs before the report.
"""

from __future__ import annotations

import marshal
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from owari.compute import containers
from owari.compute.agent import commands, orphans, protocol, spawner, warden
from owari.compute.agent.asking import ask
from owari.compute.agent.image_lookup import Images
from owari.compute.agent.ledger import Capacity, Ledger, Need
from owari.compute.agent.lines import Lines, Shipper, Stream
from owari.compute.agent.link import Link
from owari.compute.agent.loop import Loop
from owari.compute.agent.spawner import Keeper, Room, Spawner
from owari.compute.images import Image, Runtime, Unknown
from owari.compute.runtime import frames

Key = tuple[str, int]

AHEAD_MAX = 15  # jobs a keeper has beyond the running one
QUICK_S = 0.01  # a keeper whose last job took less is sent some ahead
SHORTAGE_S = 0.25  # shortages of memory that go on so long: the keeper does not come to end them
OVERDUE_S = 5.0  # a run going on so long after it should have been killed
KILLED = 128 + signal.SIGKILL
IDLE_KEEPERS_MAX = 2 * (os.cpu_count() or 1)

TIMED_OUT = "Job attempt duration exceeded timeout"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
CANNOT_START = (
    "CannotStartContainerError: Error response from daemon: failed to create task for container: "
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
    "container process: "
)


@dataclass(slots=True, eq=False)
class Run:
    number: int
    key: Key
    call: int  # of the server's connection; protocol.DURABLE: nobody waits
    link: Link
    spec: dict[str, Any]
    need: Need
    stream: Stream | None
    image: Image | None = None
    lines: Lines = field(default_factory=lambda: Lines(end=""))
    gpus: tuple[int, ...] = ()
    target: commands.Target | None = None  # in whose container it runs
    keeper: Keeper | None = None
    pid: int = 0
    started: float | None = None  # epoch seconds
    cancelled: str = ""
    began: float = float("inf")  # loop's time
    stopping: float = float("inf")
    ended_for: int = 0  # frames.OUT_OF_MEMORY …: why it was ended from outside


class Processes:
    """`on_report(run, report)` is called once per run, on its end.

    `free_mib()`: memory that functions do not hold just now.
    """

    def __init__(
        self,
        loop: Loop,
        keepers: Spawner,
        images: Images,
        shipper: Shipper,
        capacity: Capacity,
        *,
        free_mib: Callable[[], int],
        on_report: Callable[[Run, dict[str, Any]], None],
    ) -> None:
        self.loop = loop
        self.spawner = keepers
        self.images = images
        self.shipper = shipper
        self.ledger = Ledger(capacity)
        self.free_mib = free_mib
        self.on_report = on_report
        self.runs: dict[int, Run] = {}
        self.by_key: dict[Key, Run] = {}
        self.by_id: dict[str, list[Run]] = {}
        self.waiting: deque[Run] = deque()
        self.idle: list[Keeper] = []
        self.keepers: dict[int, Keeper] = {}  # by slot
        self._quick: set[int] = set()  # slots whose last job was short
        self._started: list[Run] = []
        self._touched: set[Keeper] = set()  # to be flushed
        self._paused = False
        self._numbers = 0

    # ---- asked
    def run(self, call: int, link: Link, key: Key, spec: dict[str, Any]) -> Run:
        self._numbers += 1
        need = Need(spec["vcpus"], spec["memory_mib"], spec["gpus"])
        run = Run(self._numbers, key, call, link, spec, need, _stream(spec))
        self.runs[run.number] = self.by_key[key] = run
        self.by_id.setdefault(key[0], []).append(run)
        if spec.get("inside"):
            self._run_inside(run)
            return run
        impossible = self.ledger.never(need)
        if impossible:
            self.loop.call_later(0.0, lambda: self._fail(run, f"It can never run: {impossible}."))
        else:
            self.images.resolve(spec["image"], lambda image: self._resolved(run, image))
        return run

    def _run_inside(self, run: Run) -> None:
        """In the container of another, which has room for it; it waits for nothing."""
        run.need = Need(0.0, 0, 0)
        target = next((r for r in self.by_id.get(run.spec["inside"], ()) if r.pid), None)
        if target is None:
            self.loop.call_later(0.0, lambda: self._fail(run, "The container does not run."))
            return
        run.image = target.image
        run.target = commands.Target(target.spec, target.image, target.pid)
        self._begin(run)

    def cancel(self, run_id: str, reason: str) -> None:
        """What waits is reported at once; what runs gets SIGTERM, later SIGKILL."""
        for run in list(self.by_id.get(run_id, ())):
            run.cancelled = reason or "cancelled"
            if run.keeper is not None:
                run.stopping = min(run.stopping, self.loop.now)
                run.keeper.send(frames.STOP, run.number)
                self.loop.call_later(commands.grace_s(run.spec) + OVERDUE_S, self.end_overdue)
                self._touched.add(run.keeper)
                continue
            if run in self.waiting:
                self.waiting.remove(run)
            self._finish(run, "cancelled", None, run.cancelled)

    def durable(self) -> set[Key]:
        return {run.key for run in self.runs.values() if run.call == protocol.DURABLE}

    def _resolved(self, run: Run, image: Image) -> None:
        if run.number not in self.runs:
            return  # cancelled meanwhile
        if isinstance(image, Unknown):
            self._fail(run, image.why)
            return
        run.image = image
        self.waiting.append(run)

    # ---- placing
    def tick(self, crowded: bool) -> None:
        """Before the agent sleeps: start what fits. `crowded`: logs come faster than they go."""
        self._place()
        if crowded != self._paused:
            self._paused = crowded
            for keeper in self.keepers.values():
                keeper.pause(crowded)
        for keeper in self._touched:
            keeper.flush()
        self._touched.clear()

    def _place(self) -> None:
        while self.waiting:
            run = self.waiting[0]
            if self._fits(run.need):
                self.waiting.popleft()
                self._begin(run)
            elif (keeper := self._keeper_ahead(run)) is not None:
                self.waiting.popleft()
                self._give(run, keeper)
            else:
                return

    def _fits(self, need: Need) -> bool:
        if not self.ledger.fits(need):
            return False
        return self.ledger.memory_mib + need.memory_mib <= self.free_mib()

    def _begin(self, run: Run) -> None:
        try:
            keeper = self._keeper(commands.room(run.image, run.spec))
        except OSError as error:
            self._fail(run, f"No process could be started: {error}")
            return
        run.gpus = self.ledger.take(run.need)
        self._give(run, keeper)

    def _give(self, run: Run, keeper: Keeper) -> None:
        run.keeper = keeper
        keeper.jobs.append(run.number)
        if isinstance(run.image, Runtime):
            self.images.note_containers()
        place = commands.Place(
            self.images.interpreter_folder, self.spawner.scratch(keeper), self.spawner.revealed()
        )
        gpus = run.gpus if self.ledger.capacity.gpus else None
        job = commands.job(run.spec, run.image, place, gpus, self.spawner.mark)
        if run.target is not None:
            job = commands.inside(job, run.spec, run.target)
        keeper.send(frames.JOB, run.number, marshal.dumps(job))
        self._touched.add(keeper)

    def _keeper(self, room: Room) -> Keeper:
        for at in range(len(self.idle) - 1, -1, -1):
            if self.idle[at].room == room:
                return self.idle.pop(at)
        keeper = self.spawner.keeper(room, self)
        self.keepers[keeper.slot] = keeper
        keeper.pause(self._paused)
        return keeper

    def _keeper_ahead(self, run: Run) -> Keeper | None:
        """One that will soon be free for a run of the same size."""
        if run.need.gpus:
            return None
        room = commands.room(run.image, run.spec)
        best: Keeper | None = None
        for slot in self._quick:
            keeper = self.keepers[slot]
            fewer = best is None or len(keeper.jobs) < len(best.jobs)
            if (
                keeper.room == room
                and not keeper.condemned
                and 0 < len(keeper.jobs) <= AHEAD_MAX
                and fewer
                and self.runs[keeper.jobs[0]].need == run.need
            ):
                best = keeper
        return best

    # ---- told (spawner.Owner)
    def on_frame(self, keeper: Keeper, kind: int, number: int, body: bytes) -> None:
        if kind == frames.READY:
            keeper.pid = number
            return
        run = self.runs[number]
        match kind:
            case frames.STARTED:
                run.pid, run.started = frames.STARTED_BODY.unpack(body)
                self._started.append(run)
                self._open_log(run)
                run.began = self.loop.now
            case frames.OUTPUT:
                self._log(run, run.lines.feed(body))
            case frames.ENDED:
                self._ended(keeper, run, *frames.ENDED_BODY.unpack(body))
            case frames.UNSTARTED:
                self._free(keeper, run)
                self._fail(run, CANNOT_START + body.decode("utf-8", "replace"))
            case frames.RETURNED:
                self._returned(keeper, run)

    def _ended(
        self, keeper: Keeper, run: Run, status: int, flags: int, started: float, stopped: float
    ) -> None:
        run.started = started
        self._open_log(run)
        (self._quick.add if stopped - started < QUICK_S else self._quick.discard)(keeper.slot)
        self._free(keeper, run)
        code = os.waitstatus_to_exitcode(status)
        code = code if code >= 0 else 128 - code
        self._settle(run, code, flags, stopped)

    def _settle(self, run: Run, code: int, flags: int, stopped: float) -> None:
        if isinstance(run.image, Runtime) and run.target is None:
            self._container_ended(run, code, flags, stopped)
        else:
            self._conclude(run, code, flags, stopped)

    def _container_ended(self, run: Run, code: int, flags: int, stopped: float) -> None:
        """Its client has ended: ask how, and see to it that the container has ended too."""
        farewell = containers.farewell(containers.program(), containers.name_of(run.spec))

        def told(answer: bytes) -> None:
            killed = b"true" in answer.lower()
            if not flags and containers.never_began(code, answer.decode()):
                self._fail(run, CANNOT_START + "the container runtime said why in the log")
            else:
                own = flags & ~frames.OUT_OF_MEMORY  # what the client used is no matter
                found = own | frames.OUT_OF_MEMORY if killed else own
                self._conclude(run, code, found, stopped)

        ask(self.loop, ["/bin/sh", "-c", farewell], told)

    def _conclude(self, run: Run, code: int, flags: int, stopped: float) -> None:
        """Whoever ends well although a process of his lacked memory has done his work."""
        if flags & frames.OUT_OF_MEMORY and code:
            self._finish(run, "error", code, OUT_OF_MEMORY, stopped)
        elif flags & frames.STOPPED:
            self._finish(run, "cancelled", code, run.cancelled, stopped)
        elif flags & frames.TIMED_OUT:
            self._finish(run, "error", code, TIMED_OUT, stopped)
        else:
            self._finish(run, "error" if code else "ok", code, "", stopped)

    def _free(self, keeper: Keeper, run: Run) -> None:
        """The next of the keeper's jobs takes its place in the ledger."""
        keeper.jobs.remove(run.number)
        self.ledger.give(run.need, run.gpus)
        if keeper.jobs:
            self.ledger.take(self.runs[keeper.jobs[0]].need)
            return
        if keeper.condemned:
            return
        self.idle.append(keeper)
        if len(self.idle) > IDLE_KEEPERS_MAX:
            oldest = self.idle.pop(0)
            self._dismiss(oldest)

    def _returned(self, keeper: Keeper, run: Run) -> None:
        """It was sent ahead and would have had to wait."""
        self._quick.discard(keeper.slot)
        if keeper.jobs[0] == run.number:  # the one before it ended a moment ago
            self._free(keeper, run)
        else:
            keeper.jobs.remove(run.number)
        run.keeper = None
        if run.cancelled:
            self._finish(run, "cancelled", None, run.cancelled)
            return
        self._wait_again(run)

    def _wait_again(self, run: Run) -> None:
        """In the order they came."""
        at = next((i for i, r in enumerate(self.waiting) if r.number > run.number), None)
        self.waiting.insert(len(self.waiting) if at is None else at, run)

    def on_keeper_end(self, keeper: Keeper) -> None:
        """Somebody killed it: what it ran is killed too and lost, what it had not begun begins."""
        if not keeper.groups:
            orphans.kill_marked(spawner.slot_mark(self.spawner.mark, keeper.slot), within_s=0.5)
        if keeper in self.idle:
            self.idle.remove(keeper)
        self._forget(keeper)
        current, ahead = keeper.jobs[:1], keeper.jobs[1:]
        keeper.jobs.clear()
        for number in ahead:
            self.runs[number].keeper = None
            self._wait_again(self.runs[number])

        def emptied() -> None:
            self.spawner.give_slot(keeper.slot)
            for number in current:
                self._lost(keeper, self.runs[number])

        warden.end(self.loop, keeper.groups, emptied)

    def _lost(self, keeper: Keeper, run: Run) -> None:
        """Its keeper is gone, and so is every process of it."""
        run.keeper = None
        self.ledger.give(run.need, run.gpus)
        if run.ended_for:
            self._settle(run, KILLED, run.ended_for, time.time())
        elif keeper.pid:
            self._finish(run, "lost", None, "The process that kept this job was killed.")
        else:
            self._finish(run, "failed", None, "No slot could be prepared; see spawner.log.")

    def _forget(self, keeper: Keeper) -> None:
        del self.keepers[keeper.slot]
        self._quick.discard(keeper.slot)
        self._touched.discard(keeper)

    def _dismiss(self, keeper: Keeper) -> None:
        self._forget(keeper)
        keeper.close()
        self.spawner.give_slot(keeper.slot)

    # ---- ended from outside (warden.py)
    def on_shortage(self, keeper: Keeper) -> None:
        """The keeper hears of it too, and usually ends the run before a second one."""
        if not keeper.jobs:
            return
        run = self.runs[keeper.jobs[0]]
        if keeper.short_since is None or keeper.short_since[0] != run.number:
            keeper.short_since = (run.number, self.loop.now)
        elif self.loop.now - keeper.short_since[1] >= SHORTAGE_S and not run.ended_for:
            run.ended_for = frames.OUT_OF_MEMORY
            keeper.end()

    def end_overdue(self) -> None:
        """Runs that their keepers should have killed long ago."""
        for keeper in list(self.keepers.values()):
            run = self.runs[keeper.jobs[0]] if keeper.jobs else None
            if run is None or run.ended_for:
                continue
            timeout_s = run.spec["timeout_s"] or float("inf")
            stopped = min(run.stopping, run.began + timeout_s)
            if self.loop.now >= stopped + commands.grace_s(run.spec) + OVERDUE_S:
                run.ended_for = frames.STOPPED if run.cancelled else frames.TIMED_OUT
                keeper.end()

    # ---- telling
    def _log(self, run: Run, texts: list[str]) -> None:
        if run.stream is not None:
            for text in texts:
                if text:  # CloudWatch Logs takes no empty event
                    self.shipper.add(run.stream, text)

    def _open_log(self, run: Run) -> None:
        """The awslogs driver makes the stream as the container starts."""
        if run.stream is not None:
            self.shipper.open(run.stream)

    def take_started(self) -> list[list[Any]]:
        """Runs that have begun since it was last asked, and still go on: [id, attempt, when]."""
        started, self._started = self._started, []
        return [[*run.key, run.started] for run in started if run.number in self.runs]

    def _fail(self, run: Run, why: str) -> None:
        if run.number in self.runs:
            self._finish(run, "failed", None, why)

    def _finish(
        self, run: Run, status: str, code: int | None, reason: str, stopped: float | None = None
    ) -> None:
        self._log(run, run.lines.finish())
        del self.runs[run.number]
        self.by_key.pop(run.key, None)
        others = self.by_id.pop(run.key[0])
        others.remove(run)
        if others:
            self.by_id[run.key[0]] = others
        self.on_report(
            run,
            {
                "status": status,
                "exit_code": code,
                "reason": reason,
                "message": reason,
                "started_at": run.started,
                "stopped_at": stopped,
                "log_stream": run.spec["log_stream"] or "",
            },
        )

    # ---- life
    def close(self) -> None:
        for keeper in list(self.keepers.values()):
            keeper.close()
        self.spawner.close()

    def retire(self) -> None:
        """Keepers that nobody has needed for a while."""
        while len(self.idle) > 1:
            keeper = self.idle.pop(0)
            self._dismiss(keeper)

    def sanity_check(self) -> None:
        """What must hold between any two events."""
        self.ledger.sanity_check()
        running = [self.runs[k.jobs[0]] for k in self.keepers.values() if k.jobs]
        assert self.ledger.taken == len(running)
        assert self.ledger.memory_mib == sum(r.need.memory_mib for r in running)
        assert all(not keeper.jobs for keeper in self.idle)


def _stream(spec: dict[str, Any]) -> Stream | None:
    if not spec["log_group"]:
        return None
    return Stream(spec["account"], spec["region"], spec["log_group"], spec["log_stream"])
