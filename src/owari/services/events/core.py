"""Buses, rules and events as values: names, ARNs, what their rows hold. Pure.

Source: EventBridge API reference; user guide, "Amazon EventBridge quotas".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from owari.arn import make_arn, parse_arn
from owari.services.events.faults import invalid_parameter

DEFAULT = "default"
PRINCIPAL = "events.amazonaws.com"
BUSES_MAX = 100
RULES_MAX = 2_000  # ours: AWS's 300 is raised on request, and it has no cost here
TARGETS_MAX = 5  # of one rule


class BusKey(NamedTuple):
    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return make_arn("events", self.region, self.account, f"event-bus/{self.name}")


class RuleKey(NamedTuple):
    bus: BusKey
    name: str

    @property
    def arn(self) -> str:
        """The rules of the default bus do not name it."""
        home = "" if self.bus.name == DEFAULT else f"{self.bus.name}/"
        resource = f"rule/{home}{self.name}"
        return make_arn("events", self.bus.region, self.bus.account, resource)

    @property
    def columns(self) -> tuple[str, str, str, str]:
        return (*self.bus, self.name)


@dataclass(frozen=True, slots=True)
class Bus:
    """`settings` are Description, KmsKeyIdentifier, DeadLetterConfig, LogConfig where given."""

    key: BusKey
    created: float | None  # the default bus of a quiet account was never made
    modified: float | None
    settings: dict[str, Any] = field(default_factory=dict)
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """`generation` changes whenever its schedule begins anew: ticks of an older one are stale."""

    key: RuleKey
    pattern: str | None
    schedule: str | None
    state: str
    description: str | None
    role: str | None
    created: float
    created_by: str
    generation: int

    @property
    def enabled(self) -> bool:
        return self.state != "DISABLED"


def bus_key(text: str | None, account: str, region: str) -> BusKey:
    """Of a name or an ARN; the default bus when there is none."""
    if not text:
        return BusKey(account, region, DEFAULT)
    if not text.startswith("arn:"):
        return BusKey(account, region, text)
    arn = parse_arn(text)
    if arn is None or arn.service != "events" or not arn.resource.startswith("event-bus/"):
        raise invalid_parameter("EventBusName")
    return BusKey(arn.account, arn.region, arn.resource.removeprefix("event-bus/"))


def rule_key(arn: str) -> RuleKey | None:
    """Of a rule's ARN; None when it is not one."""
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "events" or not parsed.resource.startswith("rule/"):
        return None
    bus, _, name = parsed.resource.removeprefix("rule/").rpartition("/")
    return RuleKey(BusKey(parsed.account, parsed.region, bus or DEFAULT), name)


def iso_time(time: float) -> str:
    return datetime.fromtimestamp(int(time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_event(
    id: str,
    source: str,
    detail_type: str,
    detail: Any,
    *,
    account: str,
    region: str,
    time: float,
    resources: list[str],
) -> dict[str, Any]:
    """An event as patterns and targets see it; `time` in epoch seconds."""
    return {
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": iso_time(time),
        "region": region,
        "resources": resources,
        "detail": detail,
    }
