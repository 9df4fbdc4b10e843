"""Schedules: made, changed, looked at, removed."""

from __future__ import annotations

from typing import Any

from owari.services.scheduler import rows
from owari.services.scheduler.core import (
    DEFAULT_GROUP,
    checked,
    conflict,
    first_due,
    no_action,
    no_service,
    universal_of,
)
from owari.services.scheduler.paging import PAGE_MAX, key_of, token_for
from owari.services.scheduler.rows import Schedule
from owari.services.scheduler.timing import set_timer, take_back
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation
from owari.wire.sdk_input import knows, operation_of


@operation("scheduler", "CreateSchedule")
def create_schedule(tx: Tx, p: Params) -> Result:
    group = p.get("GroupName", DEFAULT_GROUP)
    rows.existing_group(tx, group)
    found = rows.find(tx, group, p["Name"])
    if found is not None:
        if p.get("ClientToken") is not None and found.token == p["ClientToken"]:
            return {"ScheduleArn": found.arn(tx)}
        raise conflict(f"Schedule {p['Name']} already exists.")
    made = Schedule(group, p["Name"], _checked(p, tx.now), tx.now, tx.now, p.get("ClientToken"))
    set_timer(tx, made, first_due(made.settings, tx.now, made.created))
    rows.save(tx, made)
    tx.resources.created(made.arn(tx), "AWS::Scheduler::Schedule")
    return {"ScheduleArn": made.arn(tx)}


@operation("scheduler", "UpdateSchedule")
def update_schedule(tx: Tx, p: Params) -> Result:
    """Everything is given anew: what is left out takes its default."""
    found = rows.existing(tx, p.get("GroupName", DEFAULT_GROUP), p["Name"])
    old_start = found.settings.get("StartDate")
    found.settings, found.modified = _checked(p, tx.now, old_start), tx.now
    set_timer(tx, found, first_due(found.settings, tx.now, found.created))
    rows.save(tx, found)
    return {"ScheduleArn": found.arn(tx)}


def _checked(p: Params, now: float, old_start: float | None = None) -> Params:
    """Raises ValidationException; for a universal target AWS has not, too."""
    settings = checked(p, now, old_start)
    universal = universal_of(settings["Target"]["Arn"])
    if universal is not None and operation_of(*universal) is None:
        raise no_action(universal[1]) if knows(universal[0]) else no_service(universal[0])
    return settings


@operation("scheduler", "GetSchedule", reads=True)
def get_schedule(tx: Tx, p: Params) -> Result:
    found = rows.existing(tx, p.get("GroupName", DEFAULT_GROUP), p["Name"])
    return _summary(tx, found) | found.settings


@operation("scheduler", "DeleteSchedule")
def delete_schedule(tx: Tx, p: Params) -> Result:
    remove(tx, rows.existing(tx, p.get("GroupName", DEFAULT_GROUP), p["Name"]))
    return {}


def remove(tx: Tx, s: Schedule) -> None:
    take_back(tx, s)
    rows.delete(tx, s)
    tx.resources.deleted(s.arn(tx))


@operation("scheduler", "ListSchedules", reads=True)
def list_schedules(tx: Tx, p: Params) -> Result:
    group, wanted = p.get("GroupName"), p.get("State")
    if group is not None:
        rows.existing_group(tx, group)
    most = p.get("MaxResults", PAGE_MAX)
    after = key_of(p.get("NextToken"), 2)
    page = rows.page(tx, group, p.get("NamePrefix", ""), after, most + 1)
    shown = [s for s in page[:most] if wanted in (None, s.settings["State"])]
    result: dict[str, Any] = {"Schedules": [_in_list(tx, s) for s in shown]}
    if len(page) > most:
        result["NextToken"] = token_for(page[most - 1].group, page[most - 1].name)
    return result


def _summary(tx: Tx, s: Schedule) -> dict[str, Any]:
    return {
        "Arn": s.arn(tx),
        "GroupName": s.group,
        "Name": s.name,
        "CreationDate": s.created,
        "LastModificationDate": s.modified,
    }


def _in_list(tx: Tx, s: Schedule) -> dict[str, Any]:
    target = {"Arn": s.settings["Target"]["Arn"]}
    return _summary(tx, s) | {"State": s.settings["State"], "Target": target}
