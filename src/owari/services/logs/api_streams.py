"""Log streams: create, delete, describe."""

from __future__ import annotations

from typing import Any

from owari.services.logs import core, rows
from owari.services.logs.sweeping import purge
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50


@operation("logs", "CreateLogStream")
def create_log_stream(tx: Tx, p: Params) -> Result:
    name = core.check_stream_name(p["logStreamName"])
    group = rows.get_group(tx, core.check_group_name(p["logGroupName"]))
    taken = tx.one(
        "SELECT 1 FROM log_stream WHERE account = ? AND region = ? AND group_id = ? AND name = ?",
        tx.account,
        tx.region,
        group["id"],
        name,
    )
    if taken:
        raise core.stream_exists()
    rows.create_stream(tx, rows.here(tx), group["id"], name)
    return None


@operation("logs", "DeleteLogStream")
def delete_log_stream(tx: Tx, p: Params) -> Result:
    group = rows.get_group(tx, core.check_group_name(p["logGroupName"]))
    stream = rows.get_stream(tx, group["id"], p["logStreamName"])
    tx.run("DELETE FROM log_stream WHERE id = ?", stream["id"])
    purge(tx, stream=stream["id"])
    return None


@operation("logs", "DescribeLogStreams", reads=True)
def describe_log_streams(tx: Tx, p: Params) -> Result:
    group = rows.get_group(tx, core.group_named(p))
    by_time = p.get("orderBy", "LogStreamName") == "LastEventTime"
    prefix = p.get("logStreamNamePrefix", "")
    if by_time and prefix:
        raise core.bad_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
    limit = p.get("limit", PAGE_MAX)
    find = _by_time if by_time else _by_name
    found = find(tx, group["id"], prefix, bool(p.get("descending")), p.get("nextToken"), limit + 1)
    answer: dict[str, Any] = {"logStreams": [_stream(group["name"], s) for s in found[:limit]]}
    if len(found) > limit:
        last = found[limit - 1]
        answer["nextToken"] = f"{last['moment']}:{last['name']}"
    return answer


_COLUMNS = "SELECT *, COALESCE(last_event, 0) AS moment FROM log_stream"
_IN_GROUP = "WHERE account = ? AND region = ? AND group_id = ?"


def _by_name(
    tx: Tx, group: int, prefix: str, descending: bool, token: str | None, most: int
) -> list[Row]:
    order, beyond = ("DESC", "<") if descending else ("ASC", ">")
    after = _parsed(token)[1] if token else ("\U0010ffff" if descending else "")
    return tx.all(
        f"{_COLUMNS} {_IN_GROUP} AND name {beyond} ? AND SUBSTR(name, 1, ?) = ?"
        f" ORDER BY name {order} LIMIT ?",
        tx.account,
        tx.region,
        group,
        after,
        len(prefix),
        prefix,
        most,
    )


def _by_time(
    tx: Tx, group: int, _prefix: str, descending: bool, token: str | None, most: int
) -> list[Row]:
    order, beyond = ("DESC", "<") if descending else ("ASC", ">")
    moment, name = _parsed(token) if token else ((2**62, "") if descending else (-1, ""))
    return tx.all(
        f"{_COLUMNS} {_IN_GROUP} AND (COALESCE(last_event, 0), name) {beyond} (?, ?)"
        f" ORDER BY moment {order}, name {order} LIMIT ?",
        tx.account,
        tx.region,
        group,
        moment,
        name,
        most,
    )


def _parsed(token: str) -> tuple[int, str]:
    moment, _, name = token.partition(":")
    if not (moment.isascii() and moment.isdigit() and len(moment) < 19 and name):
        raise core.bad_token()
    return int(moment), name


def _stream(group: str, stream: Row) -> dict[str, Any]:
    answer = {
        "logStreamName": stream["name"],
        "creationTime": stream["created"],
        "uploadSequenceToken": core.Position(0, stream["id"], stream["next_number"]).event_id(),
        "arn": core.stream_arn(stream["account"], stream["region"], group, stream["name"]),
        "storedBytes": 0,  # "For log streams, the storedBytes parameter is always zero."
    }
    if stream["last_event"] is not None:
        answer |= {
            "firstEventTimestamp": stream["first_event"],
            "lastEventTimestamp": stream["last_event"],
            "lastIngestionTime": stream["last_ingestion"],
        }
    return answer
