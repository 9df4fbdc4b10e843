"""Log groups: create, delete, describe, retention."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError, not_implemented
from owari.services.logs import core, rows
from owari.services.logs.sweeping import purge
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50
_TOKEN = "after:"


@operation("logs", "CreateLogGroup")
def create_log_group(tx: Tx, p: Params) -> Result:
    name = core.check_group_name(p["logGroupName"])
    if name.lower().startswith("aws/"):
        raise core.bad_parameter("Log groups starting with AWS/ are reserved for AWS.")
    if p.get("kmsKeyId"):
        raise not_implemented("logs", "CreateLogGroup with kmsKeyId")
    if rows.find_group(tx, rows.here(tx), name):
        raise core.group_exists()
    rows.create_group(
        tx,
        rows.here(tx),
        name,
        log_class=p.get("logGroupClass", "STANDARD"),
        protected=bool(p.get("deletionProtectionEnabled")),
        tags=p.get("tags"),
    )
    return None


@operation("logs", "DeleteLogGroup")
def delete_log_group(tx: Tx, p: Params) -> Result:
    group = rows.get_group(tx, core.check_group_name(p["logGroupName"]))
    if group["protected"]:
        raise ServiceError(
            "ValidationException",
            "The log group cannot be deleted because deletion protection is enabled.",
        )
    tx.run("DELETE FROM log_group WHERE id = ?", group["id"])
    tx.run(
        "DELETE FROM log_stream WHERE account = ? AND region = ? AND group_id = ?",
        tx.account,
        tx.region,
        group["id"],
    )
    purge(tx, group=group["id"])
    tx.resources.deleted(core.group_arn(tx.account, tx.region, group["name"]))
    return None


@operation("logs", "PutLogGroupDeletionProtection")
def put_log_group_deletion_protection(tx: Tx, p: Params) -> Result:
    group = rows.get_group(tx, core.check_group_name(core.group_of(p["logGroupIdentifier"])))
    enabled = int(bool(p["deletionProtectionEnabled"]))
    tx.run("UPDATE log_group SET protected = ? WHERE id = ?", enabled, group["id"])
    return None


@operation("logs", "DescribeLogGroups", reads=True)
def describe_log_groups(tx: Tx, p: Params) -> Result:
    prefix, pattern = p.get("logGroupNamePrefix"), p.get("logGroupNamePattern")
    if prefix and pattern:
        raise core.bad_parameter(
            "logGroupNamePrefix and logGroupNamePattern are mutually exclusive parameters."
        )
    limit = p.get("limit", PAGE_MAX)
    names = [core.group_of(i) for i in p.get("logGroupIdentifiers") or ()]
    found: list[Row] = []
    after = _name_in(p["nextToken"]) if "nextToken" in p else ""
    while len(found) <= limit and (page := _groups_after(tx, after, prefix or "")):
        after = page[-1]["name"]
        found += [g for g in page if _wanted(g, pattern, names, p.get("logGroupClass"))]
    answer: dict[str, Any] = {"logGroups": [_group(g) for g in found[:limit]]}
    if len(found) > limit:
        answer["nextToken"] = f"{_TOKEN}{found[limit - 1]['name']}"
    return answer


def _name_in(token: str) -> str:
    """The last name of the page before."""
    if not token.startswith(_TOKEN):
        raise core.bad_token()
    return token.removeprefix(_TOKEN)


def _groups_after(tx: Tx, after: str, prefix: str) -> list[Row]:
    return tx.all(
        "SELECT * FROM log_group WHERE account = ? AND region = ? AND name > ? AND name >= ?"
        " AND SUBSTR(name, 1, ?) = ? ORDER BY name LIMIT 200",
        tx.account,
        tx.region,
        after,
        prefix,
        len(prefix),
        prefix,
    )


def _wanted(group: Row, pattern: str | None, names: list[str], log_class: str | None) -> bool:
    return (
        (not pattern or pattern in group["name"])
        and (not names or group["name"] in names)
        and (not log_class or group["class"] == log_class)
    )


def _group(group: Row) -> dict[str, Any]:
    arn = core.group_arn(group["account"], group["region"], group["name"])
    answer = {
        "logGroupName": group["name"],
        "creationTime": group["created"],
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "storedBytes": group["stored_bytes"],
        "logGroupClass": group["class"],
        "logGroupArn": arn,
        "deletionProtectionEnabled": bool(group["protected"]),
    }
    if group["retention_days"] is not None:
        answer["retentionInDays"] = group["retention_days"]
    return answer


@operation("logs", "PutRetentionPolicy")
def put_retention_policy(tx: Tx, p: Params) -> Result:
    group = rows.get_group(tx, core.check_group_name(p["logGroupName"]))
    days = core.check_retention(p["retentionInDays"])
    tx.run("UPDATE log_group SET retention_days = ? WHERE id = ?", days, group["id"])
    return None


@operation("logs", "DeleteRetentionPolicy")
def delete_retention_policy(tx: Tx, p: Params) -> Result:
    group = rows.get_group(tx, core.check_group_name(p["logGroupName"]))
    tx.run("UPDATE log_group SET retention_days = NULL WHERE id = ?", group["id"])
    return None
