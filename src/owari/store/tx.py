"""What a service may do inside a transaction. Everything here is undone if the operation fails."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from owari.credentials import Issuer
from owari.effects import OF_RUN, Effect, ReplyTo, Report
from owari.limits import Limits
from owari.store import outbox
from owari.store.blobs import BlobStore
from owari.store.outbox import Envelope
from owari.store.resources import Resources
from owari.store.segments import Segments
from owari.store.spans import Span
from owari.tracing import caused_by

Row = sqlite3.Row
Caller = Callable[["Tx", str, str, dict[str, Any]], dict[str, Any]]


@dataclass(slots=True)
class Counter:
    """The commit-order counter, shared by all transactions of a store."""

    value: int = 0


@dataclass(slots=True)
class Outcome:
    """What a transaction leaves for the engine once it is committed."""

    emitted: list[Envelope] = field(default_factory=list)
    removed: list[Envelope] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
    cancelled: list[tuple[str, str]] = field(default_factory=list)  # (effect id, reason)
    spans: list[Span] = field(default_factory=list)
    warm: list[tuple[dict[str, Any], int]] = field(default_factory=list)  # (spec, count)

    def mark(self) -> tuple[int, ...]:
        return tuple(map(len, self._lists()))

    def undo_to(self, mark: tuple[int, ...]) -> None:
        for found, length in zip(self._lists(), mark, strict=True):
            del found[length:]

    def _lists(self) -> tuple[list[Any], ...]:
        return self.emitted, self.removed, self.notified, self.cancelled, self.spans, self.warm


@dataclass(slots=True)
class Tx:
    """One operation's or reaction's view of the store, the clock and the caller.

    `now` is service time (epoch seconds); it does not move within a transaction. `endpoint` is
    the URL under which programs on this machine reach Owari, `address` the one under which the
    caller did, who may be in a container or on another machine. `last_try` is true when a parked
    operation is asked for the last time. `trace_id` is the header it came under, `trace` the one
    that what it causes comes under (tracing.py). `cache` outlives the transaction, not the
    process, and is not undone with it: for what was computed from rows and can be checked
    against them. `holder()` is the agent instance that has room for a run just now, or "".
    """

    connection: sqlite3.Connection
    now: float
    account: str
    region: str
    principal: str
    request_id: str
    trace_id: str
    random: random.Random
    limits: Limits
    blobs: BlobStore
    segments: Segments
    endpoint: str
    address: str
    issuer: Issuer
    outcome: Outcome
    counter: Counter
    caller: Caller
    public_layer: Callable[[str], str | None] = lambda _arn: None  # its folder on this machine
    real_now: float = 0.0  # real time (credentials, signatures); epoch seconds
    up_since: float = 0.0  # when this server began; service time
    last_try: bool = False
    is_reading: bool = False  # on a snapshot: nothing can be changed
    is_traced: bool = False  # a span is wanted, though what it causes may only come later
    is_span: bool = True  # False: a timer's, what it causes hangs on what had set it
    ended: Envelope | None = None  # in a reaction: the effect that just ended
    cache: dict[str, Any] = field(default_factory=dict)
    holder: Callable[[], str] = lambda: ""

    # ---- state
    def one(self, sql: str, *args: Any) -> Row | None:
        row: Row | None = self.connection.execute(sql, args).fetchone()
        return row

    def all(self, sql: str, *args: Any) -> list[Row]:
        return self.connection.execute(sql, args).fetchall()

    def run(self, sql: str, *args: Any) -> int:
        """Change rows; returns how many."""
        return self.connection.execute(sql, args).rowcount

    def run_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """The same change for each of `rows`."""
        if rows:
            self.connection.executemany(sql, rows)

    @property
    def resources(self) -> Resources:
        return Resources(self.connection, self.account, self.region, self.now)

    @property
    def trace(self) -> str:
        return caused_by(self.trace_id, self.request_id) if self.is_span else self.trace_id

    def resources_of(self, account: str, region: str) -> Resources:
        return Resources(self.connection, account, region, self.now)

    # ---- identifiers
    def new_id(self) -> str:
        """A random UUID, reproducible in the simulator. Not a secret."""
        bits = self.random.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def next_seq(self) -> int:
        """A number greater than every one before it, in commit order, across restarts."""
        self.counter.value += 1
        return self.counter.value

    # ---- effects
    def emit(
        self,
        effect: Effect,
        *,
        due: float | None = None,
        reply_to: ReplyTo | None = None,
        order_key: str | None = None,
        account: str | None = None,
        region: str | None = None,
        principal: str | None = None,
        trace: str | None = None,
        spec: Callable[[], dict[str, Any]] | None = None,
    ) -> str:
        """Have `effect` carried out after this commits, at `due` (default: at once).

        Effects with the same `order_key` are carried out one at a time, in the order they were
        emitted. `account`, `region` and `principal` (default: the caller's) are those the
        effect acts with; `trace` (default: this transaction's) is what caused it, where a
        service did not do so at once. `spec` is for a `Run` that is due at once: if an agent has
        room, the run is leased here and begins with this commit, its service is not asked for
        the spec in a second one. Returns its id.
        """
        lease, made = self._leased(spec)
        envelope = Envelope(
            id=self.new_id(),
            seq=self.next_seq(),
            due=self.now if due is None else due,
            attempt=1,
            order_key=order_key,
            reply_to=reply_to,
            principal=principal or self.principal,
            account=account or self.account,
            region=region or self.region,
            trace_id=trace or self.trace,
            created=self.now,
            effect=effect,
            lease=lease or None,
            began=self.now,
            spec=made,
        )
        outbox.insert(self.connection, envelope)
        self.outcome.emitted.append(envelope)
        return envelope.id

    def _leased(
        self, spec: Callable[[], dict[str, Any]] | None
    ) -> tuple[str, dict[str, Any] | None]:
        """Who runs it, and what; ("", None): its service is asked when it is due.

        So it is, too, when this fails: what is wrong with one run is no fault of the others that
        are emitted with it.
        """
        lease = self.holder() if spec is not None else ""
        if spec is None or not lease:
            return "", None
        try:
            return lease, spec()
        except sqlite3.Error:
            raise
        except Exception:
            return "", None

    def again(self, report: Report, *, due: float, effect: Effect | None = None) -> None:
        """In a reaction: have the effect that just ended carried out again at `due`.

        Same id, place in its order and creation time; the attempt is one higher. `effect`
        replaces its contents.
        """
        ended = self.ended
        assert ended is not None and ended.id == report.effect_id
        envelope = Envelope(
            id=ended.id,
            seq=ended.seq,
            due=due,
            attempt=ended.attempt + 1,
            order_key=ended.order_key,
            reply_to=ended.reply_to,
            principal=ended.principal,
            account=ended.account,
            region=ended.region,
            trace_id=ended.trace_id,
            created=ended.created,
            effect=effect or ended.effect,
        )
        outbox.insert(self.connection, envelope)
        self.outcome.emitted.append(envelope)

    def cancel(self, effect_id: str, reason: str = "cancelled") -> bool:
        """Withdraw an effect: it will not report. A `Run` in flight is stopped.

        False when it had ended already.
        """
        envelope = outbox.get(self.connection, effect_id)
        if envelope is None:
            return False
        outbox.delete(self.connection, effect_id, envelope.attempt)
        self.outcome.removed.append(envelope)
        self.outcome.cancelled.append((effect_id, reason))
        return True

    def stop(self, effect_id: str, reason: str) -> bool:
        """Have a `Run` in flight, or an item of one (`id/n`), stopped; unlike with `cancel` it
        still reports, when it ended.

        False when no agent was given it: nothing is done then.
        """
        envelope = outbox.get(self.connection, effect_id.partition(OF_RUN)[0])
        if envelope is None or envelope.lease is None:
            return False
        self.outcome.cancelled.append((effect_id, reason))
        return True

    def keep_warm(self, spec: dict[str, Any], count: int) -> None:
        """After this commits, have so many environments of a function spec kept started.

        Told to the agent of now: whoever wishes it tells it again on the report `capacity`.
        """
        self.outcome.warm.append((spec, count))

    def notify(self, channel: str) -> None:
        """After this commits, wake the operations parked on `channel`."""
        self.outcome.notified.append(channel)

    def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call another service's public operation inside this transaction, as the caller.

        For checks that AWS makes synchronously. A ServiceError undoes only that call.
        """
        return self.caller(self, service, operation, params)
