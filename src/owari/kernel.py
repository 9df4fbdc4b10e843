"""The kernel: one writer runs work in order, many pieces per commit (group commit).

Theory of operation. `submit` queues a piece of Work. A *turn* has three phases, so that a shell
may do the middle one in a thread and the simulator may crash between them:

    execute()   begin; run queued work, each in a savepoint; nothing is visible yet
    commit()    one fsync for all of them
    deliver()   only now: answers leave, effects go to the engine, parked work wakes up

A ServiceError undoes its own savepoint. If the commit fails, every piece of the group fails.
Operations declared as reading run at once on a snapshot of the last commit (`read`).
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import random
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from owari.clock import Clock
from owari.config import Config
from owari.credentials import Issuer
from owari.errors import ServiceError, not_implemented
from owari.limits import PROFILES
from owari.store import spans
from owari.store.blobs import BlobStore
from owari.store.segments import Segments
from owari.store.span_names import made_by, subject_of
from owari.store.spans import Span
from owari.store.tx import Counter, Outcome, Tx
from owari.tracing import parse, span_of
from owari.wire.message import ANONYMOUS
from owari.wire.operation import Direct, DirectStream, InWriter, Park, Registry

log = logging.getLogger("owari.kernel")

Done = Callable[[Any, ServiceError | None], None]


@dataclass(frozen=True, slots=True)
class Context:
    """On whose behalf work is done. `is_span`: see tracing.py. `host` is what the caller calls
    Owari, empty for those within."""

    account: str
    region: str
    principal: str
    request_id: str
    trace_id: str
    is_span: bool = True
    host: str = ""


@dataclass(slots=True, eq=False)
class Work:
    """A piece of work for the writer; `done(result, error)` is called after its commit.

    `patient` work that parks is tried again when its time is up, but never for the last time.
    `ticket` numbers the deadline it set when it parked last.
    """

    context: Context
    body: Callable[[Tx], Any]
    done: Done
    last_try: bool = False
    reading: bool = False
    patient: bool = False
    ticket: int = 0


@dataclass(slots=True)
class Group:
    """What one turn executed and still has to commit and deliver."""

    settled: list[tuple[Done, Any, ServiceError | None]] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
    failed: ServiceError | None = None


def storage_error(error: Exception) -> ServiceError:
    """Disk full and the like: the caller learns that nothing was stored."""
    return ServiceError("InternalError", f"The store refused the change: {error}", status=500)


def internal_error() -> ServiceError:
    return ServiceError(
        "InternalError", "Owari failed on this request; server.log has the traceback.", status=500
    )


def _request_span(tx: Tx, name: str, params: dict[str, Any], result: Any) -> Span:
    """Of an operation that had effects or will have, or was called by a function."""
    root, parent, _ = parse(tx.trace_id)
    return Span(
        root, span_of(tx.request_id), parent, tx.request_id, 1, "request", name,
        subject_of(params), made_by(result or {}), "ok", tx.account, tx.region, tx.principal,
        tx.now, tx.now, tx.now,
    )  # fmt: skip


class Kernel:
    """Owns the writer's connection. `committed` is told what each commit left behind; `holder`
    says which agent instance has room for a run ("": none)."""

    def __init__(
        self,
        config: Config,
        registry: Registry,
        clock: Clock,
        writer: sqlite3.Connection,
        reader: sqlite3.Connection,
        blobs: BlobStore,
        segments: Segments,
        issuer: Issuer,
        seed: random.Random,
    ) -> None:
        self.config = config
        self.registry = registry
        self.clock = clock
        self.writer = writer
        self.reader = reader
        self.blobs = blobs
        self.segments = segments
        self.issuer = issuer
        self.random = seed
        kept_s = config.job_kept_days * 86_400.0
        self.limits = replace(PROFILES[config.profile], job_kept_s=kept_s)
        self.endpoint = f"http://{config.host}:{config.port}"
        self.queue: deque[Work] = deque()
        self.parked: dict[str, list[Work]] = {}
        self.deadlines: list[tuple[float, int, str, Work]] = []
        self.ticket = itertools.count()
        self.committed: Callable[[Outcome], None] = lambda _outcome: None
        self.holder: Callable[[], str] = lambda: ""
        row = writer.execute("SELECT clock, seq FROM kernel").fetchone()
        self.counter = Counter(row["seq"])
        self.up_since = clock.now()
        self.cache: dict[str, Any] = {}
        self.public_layer: Callable[[str], str | None] = lambda _arn: None

    # ---- the three phases of a turn
    def submit(self, work: Work) -> None:
        self.queue.append(work)

    def execute(self) -> Group | None:
        """Run what is queued, within the turn's bounds. None when there is nothing."""
        if not self.queue:
            return None
        group = Group()
        work: Work | None = self.queue[0]  # what fails if nothing can even begin
        now = self.clock.now()
        until = time.monotonic() + self.config.turn_time_s
        try:
            self.writer.execute("BEGIN IMMEDIATE")
            before = self.writer.total_changes
            for _ in range(self.config.turn_operations_max):
                work = self.queue[0]
                self._run(work, group, now)
                self.queue.popleft()
                work = None
                if group.failed or not self.queue or time.monotonic() > until:
                    break
            if group.failed is None and group.outcome.spans:
                spans.insert(self.writer, group.outcome.spans)
            if group.failed is None and self.writer.total_changes != before:
                self.writer.execute(
                    "UPDATE kernel SET clock = ?, seq = ?", (now, self.counter.value)
                )
        except sqlite3.Error as error:
            log.exception("the store failed")
            group.failed = storage_error(error)
            if work is not None:  # or it would be tried again at once, and for ever
                self.queue.popleft()
                group.settled.append((work.done, None, None))
        return group

    def commit(self, group: Group) -> None:
        """Make the group durable. The only blocking phase; may run in a thread."""
        if group.failed is None:
            try:
                self.writer.execute("COMMIT")
            except sqlite3.Error as error:
                log.exception("commit failed")
                group.failed = storage_error(error)
        if group.failed is not None and self.writer.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.writer.execute("ROLLBACK")

    def deliver(self, group: Group) -> None:
        """Tell everyone. A failed group tells each of its waiters the failure."""
        if group.failed is None:
            self.committed(group.outcome)
            for channel in group.outcome.notified:
                self._wake(channel)
        else:
            self.cache.clear()  # it may tell of what was undone
        for done, result, error in group.settled:
            if group.failed is not None:
                done(None, group.failed)
            else:
                done(result, error)

    def turn(self) -> bool:
        """All three phases; False when there was nothing to do."""
        group = self.execute()
        if group is None:
            return False
        self.commit(group)
        self.deliver(group)
        return True

    # ---- one piece of work
    def _tx(self, work: Work, connection: sqlite3.Connection, outcome: Outcome, now: float) -> Tx:
        c = work.context
        return Tx(
            connection=connection,
            now=now,
            account=c.account,
            region=c.region,
            principal=c.principal,
            request_id=c.request_id,
            trace_id=c.trace_id,
            random=self.random,
            limits=self.limits,
            blobs=self.blobs,
            segments=self.segments,
            endpoint=self.endpoint,
            address=f"http://{c.host}" if c.host else self.endpoint,
            issuer=self.issuer,
            outcome=outcome,
            counter=self.counter,
            caller=self._call_within,
            public_layer=self.public_layer,
            real_now=self.clock.real(),
            up_since=self.up_since,
            last_try=work.last_try,
            is_reading=work.reading,
            is_span=c.is_span,
            cache=self.cache,
            holder=self.holder,
        )

    def _run(self, work: Work, group: Group, now: float) -> None:
        mark = group.outcome.mark()
        self.writer.execute("SAVEPOINT work")
        result: Any = None
        error: ServiceError | None = None
        try:
            result = work.body(self._tx(work, self.writer, group.outcome, now))
        except ServiceError as refusal:
            error = refusal
        except (sqlite3.OperationalError, OSError) as trouble:
            log.exception("the store failed")
            error = storage_error(trouble)
        except Exception:
            log.exception("work failed")
            error = internal_error()
        if not self.writer.in_transaction:  # e.g. disk full: SQLite itself undid everything
            group.failed = error or internal_error()
        elif error is not None or (isinstance(result, Park) and not result.keep):
            self.writer.execute("ROLLBACK TO work")
            group.outcome.undo_to(mark)
            self.writer.execute("RELEASE work")
        else:
            self.writer.execute("RELEASE work")
        if isinstance(result, Park):
            self._park(work, result)
        else:
            group.settled.append((work.done, result, error))

    def read(self, work: Work) -> None:
        """Run reading work now, on a snapshot of the last commit."""
        work.reading = True
        self.reader.execute("BEGIN")
        result: Any = None
        error: ServiceError | None = None
        try:
            result = work.body(self._tx(work, self.reader, Outcome(), self.clock.now()))
        except ServiceError as refusal:
            error = refusal
        except Exception:
            log.exception("reading failed")
            error = internal_error()
        finally:
            self.reader.execute("COMMIT")
        if isinstance(result, Park):
            self._park(work, result)
        elif isinstance(result, InWriter):
            work.reading = False
            self.submit(work)
        else:
            work.done(result, error)

    # ---- parking
    def _park(self, work: Work, park: Park) -> None:
        assert not work.last_try, "an operation parked at its last try"
        work.ticket = next(self.ticket)
        self.parked.setdefault(park.channel, []).append(work)
        heapq.heappush(self.deadlines, (park.until, work.ticket, park.channel, work))

    def _wake(self, channel: str) -> None:
        for work in self.parked.pop(channel, ()):
            self._resume(work)

    def _resume(self, work: Work) -> None:
        if work.reading:
            self.read(work)
        else:
            self.submit(work)

    def expire(self, now: float) -> float | None:
        """Give parked work whose time is up its last try; returns the next such time."""
        while self.deadlines and self.deadlines[0][0] <= now:
            _, ticket, channel, work = heapq.heappop(self.deadlines)
            waiting = self.parked.get(channel, [])
            if work.patient and work.ticket != ticket:
                continue  # it was woken since, and has set itself another
            if work in waiting:
                waiting.remove(work)
                work.last_try = not work.patient
                self._resume(work)
        return self.deadlines[0][0] if self.deadlines else None

    def forget(self, work: Work) -> None:
        """The caller of parked work has gone."""
        for waiting in self.parked.values():
            if work in waiting:
                waiting.remove(work)
                return

    # ---- operations
    def operation_work(
        self, context: Context, service: str, operation: str, params: dict[str, Any], done: Done
    ) -> Work:
        """Work that runs one API operation."""

        def body(tx: Tx) -> Any:
            before = len(tx.outcome.emitted)
            result = self.perform(tx, service, operation, params)
            caused = tx.is_traced or len(tx.outcome.emitted) > before
            traced = caused or parse(tx.trace_id).parent
            if traced and not isinstance(result, Park | Direct | DirectStream | InWriter):
                tx.outcome.spans.append(_request_span(tx, f"{service}:{operation}", params, result))
            return result

        return Work(context, body, done)

    def is_reading(self, service: str, operation: str, params: dict[str, Any]) -> bool:
        declared = self.registry.operations.get((service, operation))
        return declared is not None and declared.reads(params)

    def perform(self, tx: Tx, service: str, operation: str, params: dict[str, Any]) -> Any:
        declared = self.registry.operations.get((service, operation))
        if declared is None:
            raise not_implemented(service, operation)
        self._authorize(tx, service, operation, params)
        return declared.handler(tx, params)

    def _authorize(self, tx: Tx, service: str, operation: str, params: dict[str, Any]) -> None:
        """The one place every operation passes. Who has credentials may do everything: policies
        are recorded, and enforced for those who come without."""
        assert tx.principal, f"{service}:{operation} has no caller"
        guard = self.registry.guards.get(service)
        if guard is not None and tx.principal == ANONYMOUS:
            guard(tx, operation, params)

    def _call_within(
        self, tx: Tx, service: str, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        mark = tx.outcome.mark()
        tx.connection.execute("SAVEPOINT inner_call")
        try:
            result = self.perform(tx, service, operation, params)
        except BaseException:
            if tx.connection.in_transaction:
                tx.connection.execute("ROLLBACK TO inner_call")
                tx.connection.execute("RELEASE inner_call")
                tx.outcome.undo_to(mark)
            raise
        tx.connection.execute("RELEASE inner_call")
        assert not isinstance(result, Park | Direct | DirectStream), (
            f"{service}:{operation} cannot answer at once"
        )
        return result or {}
