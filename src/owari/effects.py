"""The few kinds of effect a transaction can leave behind, and what is reported back.

An effect is committed together with the state that caused it and carried out afterwards by the
engine: `Call`, `Wake` exactly once, `Run` and `Http` at least once. Each reports to the
`ReplyTo` of its envelope: the reaction the service registered for that topic is run, in the same
transaction that removes the effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from owari.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Call:
    """An AWS API call, made durably: `params` as boto3 would take them, JSON-able.

    `bytes` parameters are allowed at any depth; the outbox encodes them. A `patient` call is a
    long poll without end: its operation, which parks for a time from now, may do so as often as
    it likes and is never told that its time is up: it reports when there is something to report.
    """

    service: str
    operation: str
    params: dict[str, Any]
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Run code. `service` is asked, when it is due, for the full spec (`prepares`)."""

    service: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wake:
    """Nothing but the report itself, at the time the effect is due."""

    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Http:
    """Deliver to someone outside. Success is any 2xx within `timeout_s`."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    timeout_s: float = 15.0


Effect = Call | Run | Wake | Http

OF_RUN = "/"  # `id/n`: item n of the run `id` (compute/base.py)
ITEM_REPORT = ("status", "exit_code", "reason", "started_at", "stopped_at")  # after its number


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Whom an effect reports to: a reaction (`service`, `topic`) and its key."""

    service: str
    topic: str
    key: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an effect.

    `result` is the operation's result (Call), `{"status", "headers", "body"}` (Http), the run
    report as JSON (Run), the Wake's own `data` (Wake); None when `error` is set.
    `data` of a Run report is described in compute/base.py.
    """

    effect_id: str
    key: str
    attempt: int
    result: dict[str, Any] | None
    error: ServiceError | None = None


@dataclass(frozen=True, slots=True)
class DueRun:
    """A `Run` whose time has come, as its service's `prepares` hook sees it."""

    effect_id: str
    key: str
    attempt: int
    payload: dict[str, Any]
    created: float


@dataclass(frozen=True, slots=True)
class Later:
    """A `prepares` hook's answer: not now, ask again at `due` (service time, seconds)."""

    due: float
