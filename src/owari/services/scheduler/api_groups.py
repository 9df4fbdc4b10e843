"""Schedule groups, and their tags. The group `default` is always there."""

from __future__ import annotations

from typing import Any

from owari.arn import parse_arn
from owari.effects import ReplyTo, Report, Wake
from owari.services.scheduler import rows
from owari.services.scheduler.api_schedules import remove
from owari.services.scheduler.core import DEFAULT_GROUP, conflict, group_arn, invalid, missing
from owari.services.scheduler.paging import PAGE_MAX, key_of, token_for
from owari.store.tx import Row, Tx
from owari.tags import as_map, as_pairs, has_reserved
from owari.wire.operation import Params, Result, operation, reaction

TAGS_MAX = 200
REMOVED_AT_ONCE = 100


@operation("scheduler", "CreateScheduleGroup")
def create_schedule_group(tx: Tx, p: Params) -> Result:
    name, token = p["Name"], p.get("ClientToken")
    arn = group_arn(tx.account, tx.region, name)
    found = rows.group(tx, name)
    if found is not None and token is not None and found["token"] == token:
        return {"ScheduleGroupArn": arn}
    if found is not None or name == DEFAULT_GROUP:
        raise conflict(f"Schedule group {name} already exists.")
    if rows.of_group(tx, name, 1):
        raise conflict(f"Schedule group {name} is being deleted.")
    tx.run(
        "INSERT INTO scheduler_group (account, region, name, created, modified, token)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, name, tx.now, tx.now, token,
    )  # fmt: skip
    tx.resources.created(arn, "AWS::Scheduler::ScheduleGroup", _tags(p.get("Tags", [])))
    return {"ScheduleGroupArn": arn}


@operation("scheduler", "GetScheduleGroup", reads=True)
def get_schedule_group(tx: Tx, p: Params) -> Result:
    return _describe(tx, p["Name"], _existing(tx, p["Name"]))


@operation("scheduler", "ListScheduleGroups", reads=True)
def list_schedule_groups(tx: Tx, p: Params) -> Result:
    most = p.get("MaxResults", PAGE_MAX)
    (after,) = key_of(p.get("NextToken"), 1)
    prefix = p.get("NamePrefix", "")
    found: dict[str, Row | None] = {r["name"]: r for r in rows.groups(tx, prefix, after, most + 1)}
    if DEFAULT_GROUP.startswith(prefix) and after < DEFAULT_GROUP:
        found[DEFAULT_GROUP] = None
    names = sorted(found)[: most + 1]
    result: dict[str, Any] = {
        "ScheduleGroups": [_describe(tx, name, found[name]) for name in names[:most]]
    }
    if len(names) > most:
        result["NextToken"] = token_for(names[most - 1])
    return result


@operation("scheduler", "DeleteScheduleGroup")
def delete_schedule_group(tx: Tx, p: Params) -> Result:
    """Its schedules go with it."""
    name = p["Name"]
    if name == DEFAULT_GROUP:
        raise invalid("The default schedule group can't be deleted.")
    _existing(tx, name)
    sql = "DELETE FROM scheduler_group WHERE account = ? AND region = ? AND name = ?"
    tx.run(sql, tx.account, tx.region, name)
    tx.resources.deleted(group_arn(tx.account, tx.region, name))
    _empty(tx, name)
    return {}


@reaction("scheduler", "emptied")
def on_emptied(tx: Tx, report: Report) -> None:
    _empty(tx, report.key)


def _empty(tx: Tx, name: str) -> None:
    """Some at a time: the writer is never held up. What is due meanwhile still fires, as on AWS."""
    found = rows.of_group(tx, name, REMOVED_AT_ONCE)
    for schedule in found:
        remove(tx, schedule)
    if len(found) == REMOVED_AT_ONCE:
        tx.emit(Wake(), reply_to=ReplyTo("scheduler", "emptied", name))


def _existing(tx: Tx, name: str) -> Row | None:
    """None for the default group, which has no row."""
    row = rows.group(tx, name)
    if row is None and name != DEFAULT_GROUP:
        raise missing(f"Schedule group {name} does not exist.")
    return row


def _describe(tx: Tx, name: str, row: Row | None) -> dict[str, Any]:
    return {
        "Arn": group_arn(tx.account, tx.region, name),
        "Name": name,
        "State": "ACTIVE",
        "CreationDate": row["created"] if row else 0.0,
        "LastModificationDate": row["modified"] if row else 0.0,
    }


# ---- tags
def _tagged(tx: Tx, arn: str) -> str:
    found = parse_arn(arn)
    if found is None or found.account != tx.account or found.region != tx.region:
        raise missing(f"Schedule group {arn} does not exist.")
    _existing(tx, found.resource.partition("/")[2])
    return arn


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    made = as_map(tags)
    if has_reserved(made):
        raise invalid("Tag keys can't start with aws:.")
    return made


@operation("scheduler", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    arn = _tagged(tx, p["ResourceArn"])
    tags = _tags(p["Tags"])
    if len(tx.resources.tags(arn).keys() | tags.keys()) > TAGS_MAX:
        raise invalid(f"A schedule group can have at most {TAGS_MAX} tags.")
    tx.resources.tag(arn, tags)
    return {}


@operation("scheduler", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_tagged(tx, p["ResourceArn"]), p["TagKeys"])
    return {}


@operation("scheduler", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    tags = tx.resources.tags(_tagged(tx, p["ResourceArn"]))
    return {"Tags": as_pairs(tags)}
