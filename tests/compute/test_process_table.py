"""The table of process runs under any order of events: never over capacity, each reported once."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from owari.compute.agent.image_lookup import Images
from owari.compute.agent.ledger import Capacity
from owari.compute.agent.lines import Shipper
from owari.compute.agent.link import Link
from owari.compute.agent.loop import Loop
from owari.compute.agent.processes import Processes, Run
from owari.compute.agent.spawner import Spawner
from owari.compute.images import Host, Image
from owari.compute.runtime import frames

CAPACITY = Capacity(4.0, 1_000, (0, 1))


class FakeKeeper:
    """What keeper.py does with its queue; `said` waits to be heard by the agent, in order."""

    def __init__(self, slot: int, room: object) -> None:
        self.slot = slot
        self.room = room
        self.jobs: list[int] = []
        self.groups: list[str] = ["/nonexistent"]
        self.pid = 0
        self.condemned = False
        self.closed = False
        self.queue: list[int] = []
        self.running: int | None = None
        self.stopped = False
        self.said: list[tuple[int, int, bytes]] = [(frames.READY, 1, b"")]

    def send(self, kind: int, number: int, _body: bytes = b"") -> None:
        if kind == frames.JOB:
            self.queue.append(number)
        elif number == self.running:
            self.stopped = True
        elif number in self.queue:
            self.queue.remove(number)
            self.said.append((frames.RETURNED, number, b""))

    def flush(self) -> None: ...

    def pause(self, paused: bool) -> None: ...

    def close(self) -> None:
        assert not self.jobs and not self.queue and self.running is None
        self.closed = True

    # ---- chosen by the test
    def begin(self) -> None:
        if self.running is None and self.queue:
            self.running = self.queue.pop(0)
            self.stopped = False

    def tell_start(self) -> None:
        if self.running is not None:
            self.said.append((frames.STARTED, self.running, frames.STARTED_BODY.pack(1, 1.0)))

    def end(self, rng: random.Random) -> None:
        if self.running is None:
            return
        if rng.random() < 0.2:
            self.said.append((frames.UNSTARTED, self.running, b"no"))
        else:
            flags = frames.STOPPED if self.stopped else 0
            body = frames.ENDED_BODY.pack(0, flags, 1.0, 1.0 + rng.choice([0.001, 5.0]))
            self.said.append((frames.ENDED, self.running, body))
        self.running = None

    def give_back(self) -> None:
        if self.running is not None:
            while self.queue:
                self.said.append((frames.RETURNED, self.queue.pop(0), b""))


class FakeSpawner:
    mark = "mark"

    def __init__(self) -> None:
        self.made: list[FakeKeeper] = []

    def keeper(self, room: object, _owner: object) -> FakeKeeper:
        used = {k.slot for k in self.live()}
        slot = next(n for n in range(100) if n not in used)
        self.made.append(FakeKeeper(slot, room))
        return self.made[-1]

    def live(self) -> list[FakeKeeper]:
        return [k for k in self.made if not k.closed]

    def scratch(self, _keeper: object) -> str:
        return "/scratch"

    def revealed(self) -> list[str]:
        return []

    def give_slot(self, slot: int) -> None: ...

    def close(self) -> None: ...


class FakeImages:
    def __init__(self) -> None:
        self.late: list[Callable[[], None]] = []

    def resolve(self, image: str, answer: Callable[[Image], None]) -> None:
        found = Host(own_tmp=image != "host")
        if image == "late":
            self.late.append(lambda: answer(found))
        else:
            answer(found)

    def interpreter_folder(self, _name: str) -> str:
        return "/python"


def spec(rng: random.Random) -> dict[str, Any]:
    alike = rng.random() < 0.7  # most are children of one array
    return {
        "image": "busybox" if alike else rng.choice(["host", "busybox", "late"]),
        "command": ["true"],
        "variables": {},
        "vcpus": 1.0 if alike else rng.choice([0.25, 1.0, 2.0, 16.0]),
        "memory_mib": 100 if alike else rng.choice([4, 100, 900, 5_000]),
        "gpus": 0 if alike else rng.choice([0, 0, 1, 2]),
        "timeout_s": None,
        "mounts": [] if alike else rng.choice([[], [{"source": "/a", "target": "/b"}]]),
        "account": "1", "region": "r", "log_group": None, "log_stream": None,
    }  # fmt: skip


class World:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.loop = Loop()
        self.spawner, self.images = FakeSpawner(), FakeImages()
        self.free_mib = 1_000
        self.asked: list[str] = []
        self.reports: dict[str, dict[str, Any]] = {}
        shipper = Shipper(lambda _records: None, lambda: False)
        self.table = Processes(
            self.loop,
            cast(Spawner, self.spawner),
            cast(Images, self.images),
            shipper,
            CAPACITY,
            free_mib=lambda: self.free_mib,
            on_report=self.reported,
        )

    def reported(self, run: Run, report: dict[str, Any]) -> None:
        assert run.key[0] not in self.reports, "reported twice"
        self.reports[run.key[0]] = report

    def timers(self) -> None:
        """What the loop would do next."""
        while self.loop._timers:
            self.loop._timers.pop(0)[2]()

    def step(self) -> None:
        rng, live = self.rng, self.spawner.live()
        match rng.randrange(10):
            case 0 | 1 | 2:
                for _ in range(rng.choice([1, 1, 5, 20])):
                    self.asked.append(f"run-{len(self.asked)}")
                    key = (self.asked[-1], 1)
                    self.table.run(0, cast(Link, None), key, spec(rng))
            case 3 if self.asked:
                self.table.cancel(rng.choice(self.asked), "why")
            case 4 if live:
                self.kill(rng.choice(live))
            case 5:
                self.free_mib = rng.choice([0, 500, 1_000])
            case 6 if self.images.late:
                self.images.late.pop()()
            case _:
                for keeper in live:
                    self.act(keeper)
        self.timers()
        self.table.tick(False)
        self.table.sanity_check()

    def act(self, keeper: FakeKeeper) -> None:
        for action in self.rng.choices(["begin", "start", "end", "back", "hear"], k=4):
            match action:
                case "begin":
                    keeper.begin()
                case "start":
                    keeper.tell_start()
                case "end":
                    keeper.end(self.rng)
                case "back":
                    keeper.give_back()
                case "hear":
                    self.hear(keeper)

    def hear(self, keeper: FakeKeeper) -> None:
        said, keeper.said = keeper.said, []
        for frame in said:
            self.table.on_frame(cast(Any, keeper), *frame)

    def kill(self, keeper: FakeKeeper) -> None:
        if self.rng.random() < 0.2:
            keeper.groups = []
        self.hear(keeper)
        if keeper.closed:
            return
        keeper.closed = True
        keeper.groups = []
        self.table.on_keeper_end(cast(Any, keeper))

    def finish(self) -> None:
        self.free_mib = 1_000
        for _ in range(2_000):
            if len(self.reports) == len(self.asked):
                return
            while self.images.late:
                self.images.late.pop()()
            for keeper in self.spawner.live():
                self.hear(keeper)
                keeper.end(self.rng)
                keeper.begin()
            self.timers()
            self.table.tick(False)
            self.table.sanity_check()
        raise AssertionError("some run waits for ever")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_any_order_of_events(seed: int) -> None:
    world = World(random.Random(seed))
    for _ in range(60):
        world.step()
    world.finish()
    assert set(world.reports) == set(world.asked)
    assert world.table.ledger.taken == 0 and not world.table.runs and not world.table.by_id
    assert all(not keeper.jobs for keeper in world.spawner.live())
    for report in world.reports.values():
        assert report["status"] in ("ok", "failed", "cancelled", "lost"), report


@pytest.mark.parametrize(
    ("status", "flags", "verdict", "code"),
    [
        (0, 0, "ok", 0),
        (0, frames.OUT_OF_MEMORY, "ok", 0),  # a process of its was killed, it made do
        (9, frames.OUT_OF_MEMORY, "error", 137),
        (1 << 8, frames.OUT_OF_MEMORY, "error", 1),
        (0, frames.TIMED_OUT, "error", 0),  # it ended orderly on SIGTERM, but late
        (15, frames.STOPPED, "cancelled", 143),
        (15, frames.STOPPED | frames.OUT_OF_MEMORY, "error", 143),
    ],
)
def test_verdicts(status: int, flags: int, verdict: str, code: int) -> None:
    world = World(random.Random(0))
    world.table.run(0, cast(Link, None), ("run", 1), spec(random.Random(1)) | {"vcpus": 1.0})
    world.table.tick(False)
    [keeper] = world.spawner.live()
    keeper.begin()
    assert keeper.running is not None
    body = frames.ENDED_BODY.pack(status, flags, 1.0, 2.0)
    keeper.said.append((frames.ENDED, keeper.running, body))
    keeper.running = None
    world.hear(keeper)
    report = world.reports["run"]
    assert (report["status"], report["exit_code"]) == (verdict, code)
    assert report["reason"].startswith("OutOfMemoryError") == (
        bool(code) and bool(flags & frames.OUT_OF_MEMORY)
    )
