"""Tags of log groups, through both of AWS's interfaces (the older one is by name)."""

from __future__ import annotations

from owari.errors import ServiceError
from owari.services.logs import core, rows
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


def _arn_of(tx: Tx, name: str) -> str:
    group = rows.get_group(tx, core.check_group_name(name))
    return core.group_arn(tx.account, tx.region, group["name"])


def _tag(tx: Tx, arn: str, tags: dict[str, str]) -> None:
    if len(tx.resources.tags(arn) | tags) > core.TAGS_MAX:
        raise ServiceError(
            "TooManyTagsException", f"A resource can have at most {core.TAGS_MAX} tags."
        )
    tx.resources.tag(arn, tags)


@operation("logs", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    _tag(tx, _arn_of(tx, core.group_of(p["resourceArn"])), p["tags"])
    return None


@operation("logs", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_arn_of(tx, core.group_of(p["resourceArn"])), p["tagKeys"])
    return None


@operation("logs", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    return {"tags": tx.resources.tags(_arn_of(tx, core.group_of(p["resourceArn"])))}


@operation("logs", "TagLogGroup")
def tag_log_group(tx: Tx, p: Params) -> Result:
    arn = _arn_of(tx, p["logGroupName"])
    if len(tx.resources.tags(arn) | p["tags"]) > core.TAGS_MAX:
        raise core.bad_parameter(f"A resource can have at most {core.TAGS_MAX} tags.")
    tx.resources.tag(arn, p["tags"])
    return None


@operation("logs", "UntagLogGroup")
def untag_log_group(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_arn_of(tx, p["logGroupName"]), p["tags"])
    return None


@operation("logs", "ListTagsLogGroup", reads=True)
def list_tags_log_group(tx: Tx, p: Params) -> Result:
    return {"tags": tx.resources.tags(_arn_of(tx, p["logGroupName"]))}
