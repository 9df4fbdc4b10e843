"""How a service declares what it does: operations, reactions, run preparation, migrations.

A service's `api` module writes plain functions of `(tx, params)`; `params` and the result are
dicts named as boto3 names them. Adding an operation is adding one such function:

    @operation("sns", "CreateTopic")
    def create_topic(tx: Tx, p: Params) -> Result:
        ...
        return {"TopicArn": arn}

Blobs: a non-streaming blob is `bytes`; a streaming request body arrives as an `Upload`, a
streaming response body is a `Body` (both in wire/message.py). Timestamps in `params` and results
are epoch seconds (float). A raised `ServiceError` undoes the operation and becomes the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Park:
    """Answer later: run the operation again when `channel` is notified by a commit.

    At `until` (service time, seconds) it is run a last time with `tx.last_try` true and must
    then answer with a result. `keep` commits what it did before it parked; without it (a mere
    wait) that is undone. The request id is the same each time.
    """

    channel: str
    until: float
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Direct:
    """Answer with what compute makes of `spec` at once, without the outbox.

    `finish` turns the run report (compute/base.py) into the operation's result or raises
    ServiceError; it is called outside any transaction.
    """

    spec: dict[str, Any]
    finish: Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class InWriter:
    """Of an operation that reads: this time it has to change something, so it is run again by
    the writer (`tx.is_reading` tells where it runs)."""


@dataclass(frozen=True, slots=True)
class DirectStream:
    """Answer with what compute makes of `spec`, as it comes: `begun` is the operation's result,
    its `member` an event stream.

    Each piece of the response is told as `piece(bytes)`, the end as `last(report, begun)`, which
    raises ServiceError when nothing has begun and nothing could be run.
    """

    spec: dict[str, Any]
    begun: dict[str, Any]
    member: str
    piece: Callable[[bytes], dict[str, Any]]
    last: Callable[[dict[str, Any], bool], dict[str, Any]]


Result = dict[str, Any] | None
Answer = dict[str, Any] | None | Park | Direct | DirectStream | InWriter
Handler = Callable[[Any, Params], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One declared operation. `reads(params)` true: runs on a snapshot and never commits."""

    service: str
    name: str
    handler: Handler
    reads: Callable[[Params], bool]


@dataclass(frozen=True, slots=True)
class Work:
    """How much of a kind a service has under way. `more`: it did not count all."""

    kind: str
    running: int = 0
    waiting: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing a user should know of, for `owari status`: `alarming` if nothing will come of it
    by itself, else it merely waits. `since` is service time, epoch seconds."""

    kind: str
    name: str
    state: str
    reason: str
    account: str
    region: str
    alarming: bool = True
    since: float | None = None


Overview = Iterator[Work | Notice]


@dataclass(slots=True)
class Registry:
    """Everything the services declared. One per process, filled by importing their modules."""

    operations: dict[tuple[str, str], Operation] = field(default_factory=dict)
    reactions: dict[tuple[str, str], Callable[[Any, Any], None]] = field(default_factory=dict)
    prepares: dict[str, Callable[[Any, Any], Any]] = field(default_factory=dict)
    migrations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    initial: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    guards: dict[str, Callable[[Any, str, Params], None]] = field(default_factory=dict)
    pages: dict[str, Callable[[Any, str], dict[str, Any] | None]] = field(default_factory=dict)
    bulk: dict[tuple[str, str], Callable[[Any, Any], None]] = field(default_factory=dict)
    overviews: dict[str, Callable[[Any], Overview]] = field(default_factory=dict)


REGISTRY = Registry()


def operation(
    service: str, name: str, *, reads: bool | Callable[[Params], bool] = False
) -> Callable[[Handler], Handler]:
    """Declare an AWS operation. `service` is botocore's service name (`lambda`, `s3`, `sns`).

    `reads=True` promises that the handler changes nothing: it then runs at once on a snapshot
    of the last commit instead of queueing behind the writer.
    """
    choose = reads if callable(reads) else (lambda _params, fixed=reads: fixed)

    def declare(handler: Handler) -> Handler:
        key = (service, name)
        assert key not in REGISTRY.operations, f"declared twice: {service}:{name}"
        REGISTRY.operations[key] = Operation(service, name, handler, choose)
        return handler

    return declare


def reaction(service: str, topic: str) -> Callable[[Any], Any]:
    """Declare what happens when an effect with `ReplyTo(service, topic, key)` reports.

    The function takes `(tx, report: Report)`; it runs in the transaction that ends the effect.
    """

    def declare(handler: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        key = (service, topic)
        assert key not in REGISTRY.reactions, f"declared twice: {service}/{topic}"
        REGISTRY.reactions[key] = handler
        return handler

    return declare


def bulk_reaction(service: str, topic: str) -> Callable[[Any], Any]:
    """Declare a reaction to many effects that end together, in one transaction.

    The function takes `(tx, reports: Iterator[Report])` and goes through all of them; an effect
    ends when its report is taken, and `tx.ended` and `tx.request_id` are of the one taken last.
    They are of one account, region, principal and trace. If it fails, each is tried alone.
    """

    def declare(handler: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        reaction(service, topic)(lambda tx, report: handler(tx, iter((report,))))
        REGISTRY.bulk[service, topic] = handler
        return handler

    return declare


def prepares(service: str) -> Callable[[Any], Any]:
    """Declare who turns a due `Run` of this service into a compute spec.

    The function takes `(tx, due: DueRun)` and returns the spec (dict, see compute/base.py), a
    `Later`, or None when there is nothing left to run (the effect is then dropped silently).
    """

    def declare(handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        assert service not in REGISTRY.prepares, f"declared twice: {service}"
        REGISTRY.prepares[service] = handler
        return handler

    return declare


def guards(service: str) -> Callable[[Any], Any]:
    """Declare who judges a caller without credentials, before any operation of the service.

    The function takes `(tx, operation, params)` and raises ServiceError unless anyone may.
    """

    def declare(handler: Callable[[Any, str, Params], None]) -> Callable[[Any, str, Params], None]:
        assert service not in REGISTRY.guards, f"declared twice: {service}"
        REGISTRY.guards[service] = handler
        return handler

    return declare


def page(prefix: str) -> Callable[[Any], Any]:
    """Declare a page of a service's own, below `/_owari/`: JSON for who knows its path.

    The function takes `(tx, path)`, the path after the prefix, and returns what is there or
    None. It reads: nothing it changes is kept.
    """

    def declare(handler: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
        assert prefix not in REGISTRY.pages, f"declared twice: {prefix}"
        REGISTRY.pages[prefix] = handler
        return handler

    return declare


def overview(service: str) -> Callable[[Any], Any]:
    """Declare what a service has to say in `owari status`.

    The function takes `(tx)` and yields the `Work` and the `Notice`s of all accounts and regions,
    bounded however much there is: it reads on a snapshot while others wait.
    """

    def declare(handler: Callable[[Any], Overview]) -> Callable[[Any], Overview]:
        assert service not in REGISTRY.overviews, f"declared twice: {service}"
        REGISTRY.overviews[service] = handler
        return handler

    return declare


def migrations(service: str, *steps: str) -> None:
    """Declare a service's tables: SQL scripts, applied once each and in order, never edited.

    Write SQL that SQLite and PostgreSQL both take: TEXT, BIGINT, DOUBLE PRECISION, BLOB,
    `ON CONFLICT … DO UPDATE`; account and region belong in every primary key.
    """
    assert service not in REGISTRY.migrations, f"declared twice: {service}"
    REGISTRY.migrations[service] = steps
