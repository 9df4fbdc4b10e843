"""Tags of state machines and activities."""

from __future__ import annotations

from owari.services.stepfunctions import activities, machines, tagging
from owari.services.stepfunctions.core import activity_name, machine_ref
from owari.services.stepfunctions.faults import no_resource
from owari.store.tx import Tx
from owari.tags import SMALL, as_map, as_pairs
from owari.wire.operation import Params, Result, operation


def _existing(tx: Tx, arn: str) -> str:
    """The ARN, when there is such a resource. Raises InvalidArn, ResourceNotFound."""
    if ":activity:" in arn:
        found: object = activities.find(tx, activity_name(arn))
    else:
        ref = machine_ref(arn)
        found = machines.find(tx, ref.name) if ref.qualifier is None else None
    if found is None:
        raise no_resource(arn)
    return arn


@operation("stepfunctions", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    arn = _existing(tx, p["resourceArn"])
    added = as_map(p["tags"], SMALL)
    tagging.check_number(tx.resources.tags(arn) | added, arn)
    tx.resources.tag(arn, added)
    return {}


@operation("stepfunctions", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_existing(tx, p["resourceArn"]), p["tagKeys"])
    return {}


@operation("stepfunctions", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    arn = _existing(tx, p["resourceArn"])
    return {"tags": as_pairs(tx.resources.tags(arn), SMALL)}
