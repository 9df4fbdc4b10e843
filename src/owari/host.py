"""The host: the asyncio shell around kernel, engine and compute of one data folder.

Everything with behaviour is in those; here are only the event loop, the thread that waits for
the disk, the clock's timers and the order of starting and stopping.
"""

from __future__ import annotations

import asyncio
import os
import queue
import random
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import owari.catalog  # noqa: F401  (declares the services)
from owari import sweep
from owari.clock import ServiceClock
from owari.compute.local import LocalCompute
from owari.config import Config
from owari.credentials import Issuer
from owari.effects import Report
from owari.engine import Engine
from owari.errors import ServiceError
from owari.kernel import Context, Group, Kernel, Work
from owari.outbound import Deliverer
from owari.public_layers import PublicLayers
from owari.store.blobs import GRACE_S, BlobStore
from owari.store.database import connect, migrate
from owari.store.segments import Segments
from owari.store.tx import Tx
from owari.tracing import caused_by
from owari.wire.message import ApiCall
from owari.wire.operation import REGISTRY, Direct, DirectStream

SYSTEM = Context("000000000000", "us-east-1", "owari", "system", "system")
SWEEP_EVERY_S = 60.0
TIMER_MAX_S = 60.0  # the event loop's clock stands still while a laptop sleeps, ours does not
INLINE_COMMIT_S = 0.001  # a disk this quick is waited for on the event loop: no thread to wake


class Host:
    """`await start()`, then `await execute(call)` as often as you like, then `await stop()`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.blobs = BlobStore(config.blobs)
        self.issuer = Issuer(_secret(config.data / "secret"))
        writer = connect(config.database, writer=True)
        migrate(writer, REGISTRY.migrations)
        clock = ServiceClock(config.clock_speed)
        clock.begin(writer.execute("SELECT clock FROM kernel").fetchone()["clock"])
        self.kernel = Kernel(
            config,
            REGISTRY,
            clock,
            writer,
            connect(config.database, writer=False),
            self.blobs,
            Segments(config.log_segments),
            self.issuer,
            random.Random(secrets.randbits(256)),
        )
        self.kernel.public_layer = PublicLayers(config.data).folder
        self.compute = LocalCompute(
            config,
            endpoint=lambda: self.kernel.endpoint,
            on_report=self._reported,
            on_logs=self._logged,
            on_agent=self._agent_changed,
            on_started=self._started,
            on_capacity=self._capacity,
            on_kept=self._kept,
            credentials=self._credentials,
        )
        self.outbound = Deliverer()
        self.engine = Engine(self.kernel, self.compute, self.outbound)
        self._committer = _Committer(self._commit, self._committed)
        self._committing = False
        self._commit_s = 0.0
        self._turn_scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._logs: list[dict[str, Any]] = []
        self._log_acks: list[Callable[[], None]] = []
        self._stopping = False
        self.on_agent: Callable[[], None] = lambda: None  # an agent was found or started

    async def start(self) -> None:
        """Take up the work that was due or under way; the agent is started or found again."""
        self.loop = asyncio.get_running_loop()
        self._committer.begin(self.loop)
        self._kick()
        self._background = {
            asyncio.create_task(self.compute.start_agent()),
            asyncio.create_task(self._sweep()),
        }

    async def stop(self, *, end_agent: bool = False) -> None:
        """Close the store; running work goes on under the agent unless `end_agent`."""
        self._stopping = True
        for task in self._background:
            task.cancel()
        await self.compute.stop(end_agent=end_agent)
        self._ingest()
        while self._committing or self.kernel.queue:
            self._kick()
            await asyncio.sleep(0)
        if self._timer is not None:
            self._timer.cancel()
        self._committer.end()
        self.outbound.close()
        self.kernel.segments.close()
        self.kernel.reader.close()
        self.kernel.writer.close()

    # ---- operations
    async def execute(self, call: ApiCall) -> dict[str, Any] | None:
        """Carry out one API call. Raises ServiceError."""
        if call.service == "logs" and self._logs:
            await self._flush_logs()
        future: asyncio.Future[Any] = self.loop.create_future()

        def done(result: Any, error: ServiceError | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        who = call.identity
        trace = call.trace_id or self._new_trace()
        context = Context(
            who.account, who.region, who.principal, call.request_id, trace, host=call.host
        )
        work = self.kernel.operation_work(context, call.service, call.operation, call.params, done)
        if self.kernel.is_reading(call.service, call.operation, call.params):
            self.kernel.read(work)
        else:
            self.kernel.submit(work)
        self._kick()
        try:
            result = await future
        except asyncio.CancelledError:
            self.kernel.forget(work)
            raise
        match result:
            case Direct():
                return await self._invoke(result, call)
            case DirectStream():
                return await self._stream(result, call)
            case _:
                return result  # type: ignore[no-any-return]

    def look(self, body: Callable[[Tx], Any]) -> Any:
        """What `body` finds on a snapshot of the last commit; None when it fails."""
        found: list[Any] = []
        self.kernel.read(Work(SYSTEM, body, lambda result, _error: found.append(result)))
        return found[0]

    def _new_trace(self) -> str:
        """Nothing of ours caused it: it has no parent (tracing.py)."""
        return f"Root=1-{int(self.kernel.clock.now()):08x}-{os.urandom(12).hex()};Sampled=0"

    async def _invoke(self, direct: Direct, call: ApiCall) -> dict[str, Any]:
        future: asyncio.Future[dict[str, Any]] = self.loop.create_future()

        def done(report: dict[str, Any]) -> None:
            if not future.done():
                future.set_result(report)

        own = {"run_id": call.request_id, "attempt": 1, "durable": False}
        trace = {"trace_id": caused_by(direct.spec["trace_id"], call.request_id)}
        self.compute.invoke(direct.spec | own | trace, done)
        return direct.finish(await future)

    async def _stream(self, direct: DirectStream, call: ApiCall) -> dict[str, Any]:
        told: asyncio.Queue[bytes | dict[str, Any]] = asyncio.Queue()
        own = {"run_id": call.request_id, "attempt": 1, "durable": False}
        self.compute.invoke(direct.spec | own, told.put_nowait, told.put_nowait)
        first = await told.get()
        if isinstance(first, bytes):
            events = _events(direct, first, told)
        else:
            events = _one(direct.last(first, False))
        return direct.begun | {direct.member: events}

    # ---- turns of the writer
    def _kick(self) -> None:
        if not self._turn_scheduled and not self._committing:
            self._turn_scheduled = True
            self.loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_scheduled = False
        if self._committing:
            return
        group = self.kernel.execute()
        if group is None:
            self._advance()
            return
        if self._commit_s < INLINE_COMMIT_S:
            self._commit(group)
            self._committed(group)
        else:
            self._committing = True
            self._committer.submit(group)

    def _commit(self, group: Group) -> None:
        began = time.perf_counter()
        self.kernel.commit(group)
        self._commit_s += (time.perf_counter() - began - self._commit_s) * 0.1

    def _committed(self, group: Group) -> None:
        self._committing = False
        self.kernel.deliver(group)
        self._advance()

    def _advance(self) -> None:
        """Carry out due effects, wake parked work, and set the timer for what comes next."""
        now = self.kernel.clock.now()
        expiry = self.kernel.expire(now)
        soonest = self.engine.step(now) if not self._stopping else float("inf")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.kernel.queue:
            self._kick()
        if expiry is not None:
            soonest = min(soonest, expiry)
        if soonest != float("inf"):
            delay = max(soonest - now, 0.0) / self.config.clock_speed
            self._timer = self.loop.call_later(min(delay, TIMER_MAX_S), self._kick)

    # ---- compute
    def _reported(self, report: dict[str, Any]) -> None:
        """After what was logged before it: whose end is known, his log can be read."""
        self._ingest()
        self.engine.reported(report)
        self._kick()

    def _agent_changed(self, instance: str, known: set[tuple[str, int]]) -> None:
        self.engine.agent_changed(instance, known)
        self.on_agent()
        self._kick()

    def _started(self, run_id: str, attempt: int, started_at: float) -> None:
        self.engine.started(run_id, attempt, started_at)
        self._kick()

    def _kept(self, environment: str, count: int, why: str) -> None:
        self.engine.kept(SYSTEM, environment, count, why)
        self._kick()

    def _capacity(self, agents: list[dict[str, Any]]) -> None:
        self.engine.capacity(SYSTEM, agents)
        self._kick()

    def _credentials(self, account: str, role_arn: str, session: str) -> dict[str, str]:
        role = role_arn.rsplit("/", 1)[-1] or "owari"
        arn = f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
        made = self.issuer.issue(account, arn, self.kernel.clock.real() + 36 * 3600)
        return {
            "AWS_ACCESS_KEY_ID": made.access_key,
            "AWS_SECRET_ACCESS_KEY": made.secret_key,
            "AWS_SESSION_TOKEN": made.token,
        }

    # ---- logs of functions and jobs
    def _logged(self, records: list[dict[str, Any]], acknowledge: Callable[[], None]) -> None:
        if not self._logs:
            self.loop.call_later(0.02, self._ingest)
        self._logs.extend(records)
        self._log_acks.append(acknowledge)

    def _ingest(self, done: Callable[[], None] = lambda: None) -> None:
        records, acks = self._logs, self._log_acks
        if not records:
            done()
            return
        self._logs, self._log_acks = [], []
        report = Report("logs", "logs", 1, {"records": records})

        def settled(_result: Any, error: ServiceError | None) -> None:
            if error is None:
                for acknowledge in acks:
                    acknowledge()
            done()

        reaction = REGISTRY.reactions["logs", "ingest"]
        self.kernel.submit(Work(SYSTEM, lambda tx: reaction(tx, report), settled))
        self._kick()

    async def _flush_logs(self) -> None:
        written = asyncio.Event()
        self._ingest(written.set)
        await written.wait()

    # ---- housekeeping
    async def _sweep(self) -> None:
        walked = -GRACE_S
        while True:
            grace = sweep.grace_s(self.blobs, self.config.disk_reserve_bytes)
            if time.monotonic() - walked >= max(grace, sweep.IN_FLIGHT_S):
                walked = time.monotonic()
                for found in await asyncio.to_thread(list, sweep.old_files(self.blobs, grace)):
                    self.kernel.submit(sweep.unknown(self.blobs, SYSTEM, found))
            self._sweep_unused(grace)
            self._sweep_spans()
            await asyncio.sleep(SWEEP_EVERY_S)

    def _sweep_unused(self, grace: float) -> None:
        again = partial(self._sweep_unused, grace)
        self.kernel.submit(sweep.unused(self.blobs, SYSTEM, grace, again))
        self._kick()

    def _sweep_spans(self) -> None:
        self.kernel.submit(sweep.old_spans(SYSTEM, self._sweep_spans))
        self._kick()


async def _events(
    direct: DirectStream, first: bytes, told: asyncio.Queue[bytes | dict[str, Any]]
) -> AsyncIterator[dict[str, Any]]:
    item: bytes | dict[str, Any] = first
    while isinstance(item, bytes):
        yield direct.piece(item)
        item = await told.get()
    yield direct.last(item, True)


async def _one(event: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    yield event


class _Committer:
    """The thread that waits for the disk, one group at a time."""

    def __init__(self, commit: Callable[[Group], None], done: Callable[[Group], None]) -> None:
        self._commit = commit
        self._done = done
        self._groups: queue.SimpleQueue[Group | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="owari-commit", daemon=True)

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def submit(self, group: Group) -> None:
        self._groups.put(group)

    def end(self) -> None:
        self._groups.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (group := self._groups.get()) is not None:
            self._commit(group)
            self._loop.call_soon_threadsafe(self._done, group)


def _secret(path: Path) -> bytes:
    """The data folder's own secret, made at the first start."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        made = secrets.token_bytes(32)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(handle, made)
        os.fsync(handle)
        os.close(handle)
        return made
