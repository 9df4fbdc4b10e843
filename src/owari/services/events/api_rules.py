"""Rules: what is listened for, or when the clock strikes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.schedules.errors import BadSchedule
from owari.schedules.expression import At, parse
from owari.services.events import rows
from owari.services.events.core import DEFAULT, RULES_MAX, BusKey, Rule, RuleKey, bus_key
from owari.services.events.event_patterns import compiled
from owari.services.events.faults import invalid_parameter, limit, validation
from owari.services.events.paging import page
from owari.services.events.tags import tags_from
from owari.services.events.ticking import begin
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

TYPE = "AWS::Events::Rule"


def key_of(tx: Tx, p: Params, name: str) -> RuleKey:
    return RuleKey(bus_key(p.get("EventBusName"), tx.account, tx.region), name)


@operation("events", "PutRule")
def put_rule(tx: Tx, p: Params) -> Result:
    """Replaces what the rule said before, but for its tags and targets."""
    key = key_of(tx, p, p["Name"])
    rows.bus_of(tx, key.bus)
    _check(p, key.bus)
    old = rows.find_rule(tx, key)
    if old is None and rows.count_rules(tx, key.bus) >= RULES_MAX:
        raise limit("The requested resource exceeds the maximum number allowed.")
    rule = Rule(
        key=key,
        pattern=p.get("EventPattern") or None,
        schedule=p.get("ScheduleExpression") or None,
        state=p.get("State", "ENABLED"),
        description=p.get("Description"),
        role=p.get("RoleArn"),
        created=tx.now if old is None else old.created,
        created_by=tx.account if old is None else old.created_by,
        generation=0 if old is None else old.generation,
    )
    _put(tx, old, rule)
    if old is None:
        tx.resources.created(key.arn, TYPE, tags_from(p.get("Tags", [])))
    return {"RuleArn": key.arn}


def _check(p: Params, bus: BusKey) -> None:
    pattern, schedule = p.get("EventPattern"), p.get("ScheduleExpression")
    if not pattern and not schedule:
        raise validation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern:
        compiled(pattern)
    if schedule:
        if bus.name != DEFAULT:
            raise validation("ScheduleExpression is supported only on the default event bus.")
        try:
            if isinstance(parse(schedule), At):  # at(…) is Scheduler's
                raise BadSchedule
        except BadSchedule:
            raise invalid_parameter("ScheduleExpression") from None


def _put(tx: Tx, old: Rule | None, rule: Rule) -> None:
    """A schedule goes on counting unless it, or whether it counts at all, has changed."""
    same = old and (old.schedule, old.enabled) == (rule.schedule, rule.enabled)
    if not same:
        rule = replace(rule, generation=tx.next_seq())
    rows.save_rule(tx, rule)
    if not same:
        begin(tx, rule)


@operation("events", "EnableRule")
def enable_rule(tx: Tx, p: Params) -> Result:
    rule = rows.rule_of(tx, key_of(tx, p, p["Name"]))
    _put(tx, rule, replace(rule, state=rule.state if rule.enabled else "ENABLED"))
    return None


@operation("events", "DisableRule")
def disable_rule(tx: Tx, p: Params) -> Result:
    rule = rows.rule_of(tx, key_of(tx, p, p["Name"]))
    _put(tx, rule, replace(rule, state="DISABLED"))
    return None


@operation("events", "DeleteRule")
def delete_rule(tx: Tx, p: Params) -> Result:
    """A rule that is not there is deleted all the same; one that has targets is not."""
    key = key_of(tx, p, p["Name"])
    rows.bus_of(tx, key.bus)
    if rows.targets(tx, key):
        raise validation("Rule can't be deleted since it has targets.")
    if rows.find_rule(tx, key) is not None:
        rows.delete_rule(tx, key)
        tx.resources.deleted(key.arn)
    return None


@operation("events", "DescribeRule", reads=True)
def describe_rule(tx: Tx, p: Params) -> Result:
    rule = rows.rule_of(tx, key_of(tx, p, p["Name"]))
    return _shown(rule) | {"CreatedBy": rule.created_by}


@operation("events", "ListRules", reads=True)
def list_rules(tx: Tx, p: Params) -> Result:
    bus = rows.bus_of(tx, bus_key(p.get("EventBusName"), tx.account, tx.region)).key
    found = rows.rules(tx, bus, p.get("NamePrefix", ""))
    return page(p, "Rules", [(rule.key.name, _shown(rule)) for rule in found])


@operation("events", "ListRuleNamesByTarget", reads=True)
def list_rule_names_by_target(tx: Tx, p: Params) -> Result:
    bus = rows.bus_of(tx, bus_key(p.get("EventBusName"), tx.account, tx.region)).key
    names = rows.rules_with_target(tx, bus, p["TargetArn"])
    return page(p, "RuleNames", [(name, name) for name in names])


def _shown(rule: Rule) -> dict[str, Any]:
    shown = {
        "Name": rule.key.name,
        "Arn": rule.key.arn,
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "State": rule.state,
        "Description": rule.description,
        "RoleArn": rule.role,
        "EventBusName": rule.key.bus.name,
    }
    return {name: value for name, value in shown.items() if value is not None}
