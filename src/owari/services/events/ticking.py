"""Scheduled rules: a wake at each time, which has the rule's targets told and the next wake set.

What was missed while Owari was down is told once, at the restart, with the time it was meant for.
"""

from __future__ import annotations

import logging

from owari.effects import ReplyTo, Report, Wake
from owari.schedules.expression import parse
from owari.schedules.next import next_after
from owari.services.events import rows
from owari.services.events.core import PRINCIPAL, Rule, iso_time, make_event, rule_key
from owari.services.events.fanout import send_to_rules
from owari.store.beginnings import begin_trace
from owari.store.tx import Tx
from owari.wire.operation import reaction

news = logging.getLogger("owari.news")  # shown where the server was started


def begin(tx: Tx, rule: Rule) -> None:
    """The schedule counts from now."""
    _set(tx, rule, tx.now)


def _set(tx: Tx, rule: Rule, since: float) -> None:
    if rule.schedule is None or not rule.enabled:
        return
    due = next_after(parse(rule.schedule), tx.now, start=since)
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
    if told["due"] < tx.up_since:
        words = "rule %s was due while Owari was down: carried out once, for %s"
        news.warning(words, report.key, iso_time(told["due"]))
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
    tx.trace_id = begin_trace(tx, event["id"], "events:ScheduledEvent", report.key, PRINCIPAL)
    send_to_rules(tx, rule.key.bus, event, [rule.key.name])
    _set(tx, rule, told["since"])
