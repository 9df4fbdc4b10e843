"""The real services, kernel, engine and SQLite over simulated time, with a fake compute.

world = World(tmp_path)
world.call("sns", "CreateTopic", Name="t")
world.settle()          # carry out everything that is due now
world.advance(60)       # let simulated time pass, carrying out what comes due on the way
world.crash()           # kill -9 and start again on the same data
"""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import owari.catalog  # noqa: F401  (declares the services)
from owari.compute.fake import FakeCompute
from owari.config import Config
from owari.credentials import Issuer
from owari.effects import Http
from owari.engine import Engine
from owari.errors import ServiceError
from owari.kernel import Context, Kernel, Work
from owari.store import outbox
from owari.store.blobs import BlobStore
from owari.store.database import connect, migrate
from owari.store.outbox import Envelope
from owari.store.segments import Segments
from owari.wire.operation import REGISTRY, Direct, Registry

ACCOUNT = "000000000000"
REGION = "us-east-1"
START = 1_893_456_000.0  # 2030-01-01T00:00:00Z
TURN_OPERATIONS = (256, 7, 1)  # where commits fall is the seed's, not the machine's, affair

# What stays in every store, and why. Rows of all other tables go with what they tell of.
KEPT = {
    "kernel": "one row: the clock and the counter",
    "schema_version": "one row per migration",
    "span": "what happened is told afterwards too; store/spans.py keeps the newest 200,000",
    "batch_scheduler": "one row: what is to be placed again, and since which decision",
    "ecs_machine": "one row: how much room the agents have",
    "blob": "one that nobody keeps is spared for its readers; owari/sweep.py removes it",
}


class SimulatedClock:
    def __init__(self, start: float = START) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def real(self) -> float:
        return self.time


class FakeHttp:
    """Records Http effects; `answer(effect)` chooses the status, or raises ServiceError."""

    def __init__(self) -> None:
        self.sent: list[Http] = []
        self.answer: Callable[[Http], int] = lambda _effect: 200

    def deliver(self, effect: Http, done: Callable[..., None]) -> None:
        self.sent.append(effect)
        try:
            status = self.answer(effect)
        except ServiceError as error:
            done(None, error)
        else:
            done({"status": status, "headers": {}, "body": b""}, None)


@cache
def _empty_database(*migrations: tuple[str, tuple[str, ...]]) -> bytes:
    """Its tables are the same in every test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "owari.db"
        with closing(connect(path, writer=True)) as made:
            migrate(made, dict(migrations))
        return path.read_bytes()


class Disconnected(Exception):
    """The server was killed before it answered: the caller cannot know what became of it."""


class World:
    def __init__(self, folder: Path, *, seed: int = 0, registry: Registry = REGISTRY) -> None:
        most = TURN_OPERATIONS[seed % len(TURN_OPERATIONS)]
        self.config = Config(data=Path(folder), turn_time_s=float("inf"), turn_operations_max=most)
        self.registry = registry
        self.clock = SimulatedClock()
        self.random = random.Random(seed)
        self.compute = FakeCompute()
        self.http = FakeHttp()
        self._requests = itertools.count(1)
        self.generation = 0  # how often the server was started
        self.fault: Callable[[str], bool] = lambda _where: False  # kill the server here?
        self._open()

    def _open(self) -> None:
        self.generation += 1
        self.config.data.mkdir(parents=True, exist_ok=True)
        if not self.config.database.exists():
            self.config.database.write_bytes(
                _empty_database(*sorted(self.registry.migrations.items()))
            )
        writer = connect(self.config.database, writer=True)
        writer.execute("PRAGMA synchronous = OFF")  # what is killed here is never the machine
        migrate(writer, self.registry.migrations)
        self.kernel = Kernel(
            self.config,
            self.registry,
            self.clock,
            writer,
            connect(self.config.database, writer=False),
            BlobStore(self.config.blobs),
            Segments(self.config.log_segments),
            Issuer(b"simulated secret"),
            self.random,
        )
        self.engine = Engine(self.kernel, self.compute, self.http)
        self.engine.agent_changed(self.compute.instance, self.compute.known())
        self.compute.resend()

    def close(self) -> None:
        self.kernel.writer.close()
        self.kernel.reader.close()
        self.kernel.segments.close()

    def crash(self) -> None:
        """kill -9 of the server between two commits; the agent lives on."""
        self.close()
        self._open()

    def turn(self) -> bool:
        """One turn of the writer, with a possible kill before and after its commit."""
        group = self.kernel.execute()
        if group is None:
            return False
        if self.fault("before commit"):
            self.crash()
            return True
        self.kernel.commit(group)
        if self.fault("after commit"):
            self.crash()
            return True
        self.kernel.deliver(group)
        self.engine.sanity_check()
        return True

    # ---- calling
    def call(
        self,
        service: str,
        operation: str,
        /,
        *,
        account: str = ACCOUNT,
        region: str = REGION,
        principal: str | None = None,
        trace_id: str | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Call an operation as boto3 would; raises ServiceError, or Disconnected when the server
        is killed meanwhile. Parked calls wait (in simulated time) until they are answered."""
        generation = self.generation
        outcome: list[tuple[Any, ServiceError | None]] = []
        number = next(self._requests)
        context = Context(
            account,
            region,
            principal or f"arn:aws:iam::{account}:root",
            f"00000000-0000-0000-0000-{number:012d}",
            trace_id or f"1-{number:08x}",
        )
        work = self.kernel.operation_work(
            context, service, operation, params, lambda r, e: outcome.append((r, e))
        )
        self._perform(work, self.kernel.is_reading(service, operation, params))
        while not outcome:
            if self.generation != generation:
                raise Disconnected
            upcoming = self.next_time()
            assert upcoming is not None, f"{service}:{operation} is parked for ever"
            self._run_until(upcoming)
        result, error = outcome[0]
        if error is not None:
            raise error
        if isinstance(result, Direct):
            return self._invoke(result)
        return result or {}

    def _perform(self, work: Work, reading: bool) -> None:
        if reading:
            self.kernel.read(work)
        else:
            self.kernel.submit(work)
            while self.turn():
                pass

    def _invoke(self, direct: Direct) -> dict[str, Any]:
        reports: list[dict[str, Any]] = []
        run_id = f"direct-{next(self._requests)}"
        spec = {"run_id": run_id, "attempt": 1, "durable": False}
        self.compute.invoke(direct.spec | spec, reports.append)
        return direct.finish(reports[0])

    # ---- time
    def next_time(self) -> float | None:
        """When something happens next, or None when nothing ever will."""
        times = [self.engine.step(self.clock.now())]
        if self.kernel.queue:
            times.append(self.clock.now())
        for at in (self.compute.next_time(), self.kernel.expire(self.clock.now())):
            if at is not None:
                times.append(at)
        soonest = min(times)
        return None if soonest == float("inf") else max(soonest, self.clock.now())

    def _run_until(self, moment: float) -> None:
        self.clock.time = max(self.clock.time, moment)
        progress = True
        while progress:
            now = self.clock.now()
            self.kernel.expire(now)
            self.engine.step(now)
            reports = self.compute.due_reports(now)
            for report in reports:
                self.engine.reported(report)
            progress = self.turn() or bool(reports)

    def settle(self, seconds: float = 1.0) -> None:
        """Carry out what is due now and within the next `seconds`."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        self._run_until(self.clock.now())
        while (upcoming := self.next_time()) is not None and upcoming <= end:
            self._run_until(upcoming)
        self._run_until(end)

    # ---- looking
    def effects(self, *, sweeps: bool = False) -> list[Envelope]:
        """The outbox, by due time; without the wake-ups that clear away old things for ever."""
        run = self.kernel.reader.execute
        ids = [row["id"] for row in run("SELECT id FROM effect ORDER BY due, seq")]
        found = [e for id in ids if (e := outbox.get(self.kernel.reader, id)) is not None]
        return [e for e in found if sweeps or e.reply_to is None or e.reply_to.topic != "sweep"]

    def tables(self) -> dict[str, int]:
        """Every table there is, and how many rows it has."""
        run = self.kernel.reader.execute
        names = [row[0] for row in run("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: run(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}

    def left_behind(self, **but: str) -> dict[str, list[dict[str, Any]]]:
        """Rows that are left when everything was deleted: none, but for KEPT and the tables
        named here with a reason. Blobs count as long as somebody keeps them."""
        run = self.kernel.reader.execute
        places = [name for name, n in self.tables().items() if n and name not in KEPT | but]
        found = {name: [dict(row) for row in run(f"SELECT * FROM {name}")] for name in places}
        blobs = [dict(row) for row in run("SELECT * FROM blob WHERE refs <> 0")]
        return found | ({"blob": blobs} if blobs else {})
