"""Tags of buses and rules."""

from __future__ import annotations

from owari.services.events import rows
from owari.services.events.core import bus_key, rule_key
from owari.services.events.faults import invalid_parameter, no_rule
from owari.services.events.tags import check_count, tags_from
from owari.store.tx import Tx
from owari.tags import as_pairs
from owari.wire.operation import Params, Result, operation


def _existing(tx: Tx, arn: str) -> str:
    rule = rule_key(arn)
    if rule is not None:
        if rows.find_rule(tx, rule) is None:
            raise no_rule(rule.name, rule.bus.name)
    elif ":event-bus/" in arn:
        rows.bus_of(tx, bus_key(arn, tx.account, tx.region))
    else:
        raise invalid_parameter("ResourceARN")
    return arn


@operation("events", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    arn = _existing(tx, p["ResourceARN"])
    tags = tags_from(p["Tags"])
    check_count(tx.resources.tags(arn) | tags)
    tx.resources.tag(arn, tags)
    return {}


@operation("events", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_existing(tx, p["ResourceARN"]), p["TagKeys"])
    return {}


@operation("events", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    tags = tx.resources.tags(_existing(tx, p["ResourceARN"]))
    return {"Tags": as_pairs(tags)}
