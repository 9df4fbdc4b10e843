"""Scheduled rules: a wake at each time, which has the rule's targets told and the next wake set.

What was missed while Owari was down is told once, at the restart, with the time it was meant for.
"""

from __future__ import annotations

import logging

from owari.effects import ReplyTo, Report, Wake
from owari.schedules import next_after, parse_schedule
from owari.services.events import rows
from owari.services.events.core import PRINCIPAL, Rule, make_event, rule_key
from owari.services.events.fanout import send_to_rules
from owari.store.tx import Tx
from owari.wire.operation import reaction

log = logging.getLogger("owari.events")

LATE_S = 60.0  # from here on a tick is said to be late


def begin(tx: Tx, rule: Rule) -> None:
    """The schedule counts from now."""
    _set(tx, rule, tx.now)


def _set(tx: Tx, rule: Rule, since: float) -> None:
    if rule.schedule is None or not rule.enabled:
        return
    due = next_after(parse_schedule(rule.schedule), tx.now, since=since)
    if due is None:
        return
    tx.emit(
        Wake({"generation": rule.generation, "since": since, "due": due}),
        due=due,
        reply_to=ReplyTo("events", "tick", rule.key.arn),
        account=rule.key.bus.account,
        region=rule.key.bus.region,
        principal=PRINCIPAL,
    )


@reaction("events", "tick")
def on_tick(tx: Tx, report: Report) -> None:
    key = rule_key(report.key)
    rule = rows.find_rule(tx, key) if key else None
    told = report.result or {}
    if rule is None or rule.generation != told["generation"]:
        return  # deleted, disabled or given another schedule since
    late = tx.now - told["due"]
    if late > LATE_S:
        log.warning("rule %s was due %.0f s ago: it is carried out once now", report.key, late)
    event = make_event(
        tx.new_id(),
        "aws.events",
        "Scheduled Event",
        {},
        account=rule.key.bus.account,
        region=rule.key.bus.region,
        time=told["due"],
        resources=[rule.key.arn],
    )
    send_to_rules(tx, rule.key.bus, event, [rule.key.name])
    _set(tx, rule, told["since"])
