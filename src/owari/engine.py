"""The engine: carries out due effects and brings their reports back as events.

Theory of operation. The outbox table is the truth; in memory the engine keeps only what waits for
its time soon (window.py) and what is being carried out (`flight`). Everything that
changes state is submitted to the kernel as work that first removes the effect's row at the
attempt it was carried out with (settling.py).

    Wake   reaction                                  one transaction
    Call   operation + reaction                      one transaction
    Run    prepare + lease | compute … report | reaction
    Http   deliver … report | reaction

A service that knows a run's spec when it emits it has the lease in the same commit (`tx.emit` with
`spec`). Reports that a service takes in bulk are ended together (bulk.py).

A `Call` whose operation answers `Direct` (a synchronous function invocation) is started as a
durable run under the effect's own id, so that its result survives a restart of the server.
The engine never blocks and never reads a clock: `step(now)` is told.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection
from typing import Any, Protocol

from owari.bulk import Bulk
from owari.compute.base import Compute, RunReport
from owari.effects import OF_RUN, Call, DueRun, Http, Later, Run, Wake
from owari.errors import ServiceError, not_implemented
from owari.failing import Failing
from owari.kernel import Context, Kernel, Work, internal_error
from owari.settling import STALE, Settling
from owari.store import outbox
from owari.store.outbox import Envelope
from owari.store.tx import Outcome, Tx
from owari.telling import Telling
from owari.tracing import caused_by
from owari.window import Window
from owari.wire.operation import Direct, DirectStream, Park

log = logging.getLogger("owari.engine")

POISON_PAUSE_S = 30.0  # before an effect whose reaction failed (a bug) is tried again


class Outbound(Protocol):
    """Delivers Http effects; `done` gets {"status", "headers", "body"} or an error."""

    def deliver(
        self, effect: Http, done: Callable[[dict[str, Any] | None, ServiceError | None], None]
    ) -> None: ...


class Engine:
    """One per store. `holder` names the agent instance that runs are leased to."""

    def __init__(self, kernel: Kernel, compute: Compute, outbound: Outbound) -> None:
        self.kernel = kernel
        self.compute = compute
        self.outbound = outbound
        self.holder = ""
        self.flight: dict[str, Envelope] = {}
        self.running = 0  # Run and Http effects in flight
        self.at_once = Window(kernel.reader, outbox.AT_ONCE, self.flight)
        self.runs = Window(
            kernel.reader, outbox.RUNS, self.flight, lambda: bool(self._holder_with_room())
        )
        self.deliveries = Window(kernel.reader, outbox.DELIVERIES, self.flight, self._has_room)
        self.finishers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self.failing = Failing()
        self.settling = Settling(kernel.registry)
        self.telling = Telling(kernel)
        self.bulk = Bulk(
            kernel,
            remove=self.settling.remove,
            committed=self._ended_together,
            alone=self._end_alone,
        )
        kernel.committed = self.committed
        kernel.holder = self._holder_with_room

    # ---- what commits add and take
    def committed(self, outcome: Outcome) -> None:
        """What a commit added to and took from the outbox."""
        for envelope in outcome.removed:
            self._ended(envelope)
        gone = {(envelope.id, envelope.attempt) for envelope in outcome.removed}
        for envelope in outcome.emitted:
            if (envelope.id, envelope.attempt) in gone:
                continue  # withdrawn by work of the same group
            if envelope.spec is not None:
                self._begin_leased(envelope)
            else:
                self._window(envelope).offer(envelope)
        for spec, count in outcome.warm:
            self.compute.keep_warm(spec, count)
        for effect_id, reason in outcome.cancelled:
            self.compute.cancel(effect_id, reason)

    def _window(self, envelope: Envelope) -> Window:
        match envelope.effect:
            case Run():
                return self.runs
            case Http():
                return self.deliveries
            case _:
                return self.at_once

    def _begin_leased(self, envelope: Envelope) -> None:
        """A run whose lease is in the commit that emitted it."""
        spec, envelope.spec = envelope.spec, None
        assert spec is not None
        self._adopt(envelope)
        self.compute.start(spec | _own(envelope))

    def _ended(self, envelope: Envelope) -> None:
        self.failing.discard(envelope.id)
        self._window(envelope).known.pop(envelope.id, None)
        self._drop(envelope)
        if envelope.order_key is not None:
            following = outbox.head_of(self.kernel.reader, envelope.order_key)
            if following is not None and following.id not in self._window(following).known:
                self._window(following).add(following)

    # ---- carrying out
    def step(self, now: float) -> float:
        """Start everything that is due; returns when the next effect is (inf: none)."""

        def begin(envelope: Envelope) -> None:
            envelope.began = now
            self._begin(envelope)

        windows = (self.at_once, self.runs, self.deliveries)
        due = min(window.begin_due(now, begin) for window in windows)
        return min(due, self.telling.step(now))

    def _has_room(self) -> bool:
        return self.running < self.kernel.config.effects_in_flight_max

    def _holder_with_room(self) -> str:
        return self.holder if self._has_room() else ""

    def _begin(self, envelope: Envelope) -> None:
        del self._window(envelope).known[envelope.id]
        if not outbox.is_first(self.kernel.reader, envelope):
            return  # comes back when the one before it has ended
        self.flight[envelope.id] = envelope
        match envelope.effect:
            case Wake(data):
                self._report(envelope, data, None)
            case Call():
                self._call(envelope, envelope.effect)
            case Run():
                self.running += 1
                self._prepare(envelope, envelope.effect)
            case Http():
                self.running += 1
                self.outbound.deliver(
                    envelope.effect, lambda result, error: self._report(envelope, result, error)
                )

    def _submit(
        self,
        envelope: Envelope,
        body: Callable[[Tx], Any],
        then: Callable[[Any], None] = lambda _: None,
        *,
        patient: bool = False,
    ) -> None:
        """Work on an effect; if it fails for a reason of ours, the effect is tried again."""

        def done(result: Any, error: ServiceError | None) -> None:
            if error is not None:
                log.error("effect %s will be tried again: %s", envelope.id, error)
                self.failing.add(envelope, error)
                self._later(envelope, self.kernel.clock.now() + POISON_PAUSE_S)
            elif result is not STALE:
                then(result)
            elif self.flight.get(envelope.id) is envelope:
                self._drop(envelope)  # its row is gone

        self.kernel.submit(Work(_context(envelope), body, done, patient=patient))

    def _later(self, envelope: Envelope, due: float) -> None:
        """Put an effect back into its window, in memory only."""
        self._drop(envelope)
        envelope.due = due
        self._window(envelope).add(envelope)

    def _drop(self, envelope: Envelope) -> None:
        """It is not being carried out any more."""
        if self.flight.pop(envelope.id, None) and isinstance(envelope.effect, Run | Http):
            self.running -= 1
        self.finishers.pop(envelope.id, None)

    def _report(
        self,
        envelope: Envelope,
        result: dict[str, Any] | None,
        error: ServiceError | None,
        then: Callable[[Any], None] = lambda _: None,
    ) -> None:
        self._submit(envelope, lambda tx: self.settling.end(tx, envelope, result, error), then)

    # ---- calls
    def _call(self, envelope: Envelope, call: Call) -> None:
        """An operation that parks is run again when it is woken, still under the effect's id;
        the row stays until it has answered, so that a restart begins the call anew."""

        def body(tx: Tx) -> Any:
            if self.flight.get(envelope.id) is not envelope:
                return STALE  # withdrawn while it was parked
            mark = tx.outcome.mark()
            tx.connection.execute("SAVEPOINT call")
            result: Any = None
            error: ServiceError | None = None
            try:
                result = self.kernel.perform(tx, call.service, call.operation, call.params)
                if isinstance(result, DirectStream):  # nobody is there to read a stream
                    raise not_implemented(call.service, f"{call.operation} as an effect")
            except ServiceError as refusal:
                error = refusal
            except sqlite3.Error:
                raise  # the store's trouble, not the call's: everything is tried again
            except Exception:
                log.exception("call failed")
                error = internal_error()
            kept = isinstance(result, Park) and result.keep
            if (isinstance(result, Park | Direct) and not kept) or error is not None:
                tx.connection.execute("ROLLBACK TO call")
                tx.outcome.undo_to(mark)
            answer = result
            if not isinstance(result, Park | Direct):
                answer = self.settling.end(tx, envelope, result or {}, error)
            if answer is STALE:  # withdrawn by work that runs in the same group: nothing was done
                tx.connection.execute("ROLLBACK TO call")
                tx.outcome.undo_to(mark)
            tx.connection.execute("RELEASE call")
            return answer

        self._submit(
            envelope,
            body,
            lambda result: self._invoke(envelope, result),
            patient=call.patient,
        )

    def _invoke(self, envelope: Envelope, answer: Any) -> None:
        """A call that answered `Direct`: a durable run under the effect's own id."""
        if not isinstance(answer, Direct) or envelope.id not in self.flight:
            return  # withdrawn meanwhile, or to be begun again
        self.finishers[envelope.id] = answer.finish
        self.compute.start(answer.spec | _own(envelope))

    # ---- runs
    def _prepare(self, envelope: Envelope, run: Run) -> None:
        due = DueRun(
            effect_id=envelope.id,
            key=envelope.reply_to.key if envelope.reply_to else "",
            attempt=envelope.attempt,
            payload=run.payload,
            created=envelope.created,
        )
        holder = self.holder

        def body(tx: Tx) -> Any:
            if not outbox.lease(tx.connection, envelope.id, envelope.attempt, holder):
                return STALE
            tx.ended = envelope
            spec = self.kernel.registry.prepares[run.service](tx, due)
            match spec:
                case None:
                    outbox.delete(tx.connection, envelope.id, envelope.attempt)
                    tx.outcome.removed.append(envelope)
                case Later(at):
                    outbox.postpone(tx.connection, envelope.id, at)
            return spec

        def then(spec: Any) -> None:
            match spec:
                case None:
                    pass
                case Later(at):
                    self._later(envelope, at)
                case _:
                    envelope.lease = holder
                    self.compute.start(spec | _own(envelope))

        self._submit(envelope, body, then)

    def reported(self, report: RunReport) -> None:
        """A durable run ended. Acknowledged to compute once it is committed (or stale)."""
        run_id, attempt = report["run_id"], report["attempt"]

        def settled(_result: Any) -> None:
            self.compute.acknowledge(report)

        envelope = self.flight.get(run_id) or outbox.get(self.kernel.reader, run_id)
        if envelope is None or envelope.attempt != attempt:
            settled(None)
            return
        result: dict[str, Any] | None = report
        error: ServiceError | None = None
        if isinstance(envelope.effect, Call):
            finish = self.finishers.get(run_id)
            if finish is None:
                return  # after a restart: the call is made again, and compute answers again
            try:
                result = finish(report)
            except ServiceError as refusal:
                result, error = None, refusal
        if not self.bulk.takes(envelope):
            self._submit(
                envelope, lambda tx: self.settling.end(tx, envelope, result, error), settled
            )
        elif result is not None:
            self.bulk.add(_context(envelope), envelope, result)

    def _ended_together(self, ended: list[tuple[Envelope, RunReport]]) -> None:
        for _, report in ended:
            self.compute.acknowledge(report)

    def _end_alone(self, envelope: Envelope, report: RunReport) -> None:
        self._report(envelope, report, None, lambda _: self.compute.acknowledge(report))

    def started(self, run_id: str, attempt: int, started_at: float) -> None:
        """A durable run, or an item of one (`id/n`), has begun; its service is told if it wants
        to know (topic `started`)."""
        id, _, item = run_id.partition(OF_RUN)
        envelope = self.flight.get(id)
        if envelope is None or envelope.attempt != attempt or not isinstance(envelope.effect, Run):
            return
        result: dict[str, Any] = {"run_id": run_id, "attempt": attempt, "started_at": started_at}
        if item:
            result["item"] = int(item)
        key = envelope.reply_to.key if envelope.reply_to else ""
        self.telling.tell(_context(envelope), envelope.effect.service, "started", key, result)

    def capacity(self, context: Context, agents: list[dict[str, Any]]) -> None:
        """What the agents can carry; every service with a reaction `capacity` is told."""
        if not agents:
            self.holder = ""  # nothing is leased to an agent that is gone
        for service, topic in self.kernel.registry.reactions:
            if topic == "capacity":
                self.telling.tell(context, service, topic, "", {"agents": agents})

    def kept(self, context: Context, environment: str, count: int, why: str) -> None:
        """So many environments that Lambda wants kept warm are there (topic `kept`)."""
        self.telling.tell(context, "lambda", "kept", environment, {"count": count, "why": why})

    # ---- agents
    def agent_changed(self, instance: str, known: Collection[tuple[str, int]]) -> None:
        """Compute (re)connected: `known` are the runs it still has, running or ended.

        A run leased to another instance and unknown to this one is lost; one leased to this
        instance that never arrived there is given to it again.
        """
        self.holder = instance
        for envelope in outbox.leased(self.kernel.reader):
            if (envelope.id, envelope.attempt) in known:
                self._adopt(envelope)
            elif envelope.lease != instance:
                self._adopt(envelope)
                self._report(envelope, lost(envelope), None)
            else:
                self._later(envelope, envelope.due)
        for envelope in list(self.flight.values()):
            if envelope.id in self.finishers and (envelope.id, envelope.attempt) not in known:
                self._later(envelope, envelope.due)

    def _adopt(self, envelope: Envelope) -> None:
        """This leased run is in flight, whatever the window thought."""
        self.runs.known.pop(envelope.id, None)
        if envelope.id not in self.flight:
            self.flight[envelope.id] = envelope
            self.running += 1

    def sanity_check(self) -> None:
        """What must always hold between two steps."""
        for window in (self.at_once, self.runs, self.deliveries):
            assert not window.known.keys() & self.flight.keys(), "waiting and in flight at once"
        running = sum(isinstance(e.effect, Run | Http) for e in self.flight.values())
        assert running == self.running, f"{running} runs in flight, {self.running} counted"
        assert self.finishers.keys() <= self.flight.keys(), "a finisher without its call"


def _context(envelope: Envelope) -> Context:
    return Context(
        envelope.account,
        envelope.region,
        envelope.principal,
        envelope.id,
        envelope.trace_id,
        is_span=not isinstance(envelope.effect, Wake),
    )


def _own(envelope: Envelope) -> dict[str, Any]:
    """What the engine adds to the spec of a run."""
    return {
        "run_id": envelope.id,
        "attempt": envelope.attempt,
        "durable": True,
        "trace_id": caused_by(envelope.trace_id, envelope.id),
    }


def lost(envelope: Envelope) -> RunReport:
    """The report of a run whose agent died with it."""
    return {
        "run_id": envelope.id,
        "attempt": envelope.attempt,
        "status": "lost",
        "payload": b"",
        "message": "The agent that ran this was lost.",
        "cold": False,
        "init_ms": 0.0,
        "duration_ms": 0.0,
        "billed_ms": 0,
        "memory_used_mib": 0,
        "log_stream": "",
        "log_tail": b"",
    }
