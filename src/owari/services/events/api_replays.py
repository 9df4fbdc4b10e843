"""Replays of archives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.errors import ServiceError
from owari.services.events import archive_rows, replay_rows, rows
from owari.services.events.core import bus_key, rule_key
from owari.services.events.faults import exists, invalid_parameter, validation
from owari.services.events.paging import page
from owari.services.events.replay_rows import Replay
from owari.services.events.replaying import go_on
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_LIVE = ("STARTING", "RUNNING")


@operation("events", "StartReplay")
def start_replay(tx: Tx, p: Params) -> Result:
    if replay_rows.find(tx, p["ReplayName"]) is not None:
        raise exists(f"Replay {p['ReplayName']} already exists.")
    _check(tx, p)
    replay = Replay(
        account=tx.account,
        region=tx.region,
        name=p["ReplayName"],
        archive=p["EventSourceArn"].rpartition("/")[2],
        state="STARTING",
        reason=None,
        request=dict(p),
        started=tx.now,
        ended=None,
        position=(None, 0),
    )
    go_on(tx, replay)
    return {"ReplayArn": replay.arn, "State": "STARTING", "ReplayStartTime": tx.now}


def _check(tx: Tx, p: Params) -> None:
    source = p["EventSourceArn"]
    if ":archive/" not in source:
        raise invalid_parameter("EventSourceArn", "Must contain an archive ARN.")
    archive = archive_rows.archive_of(tx, source.rpartition("/")[2])
    bus = rows.bus_of(tx, bus_key(p["Destination"]["Arn"], tx.account, tx.region))
    if bus.key != archive.bus:
        raise validation(
            "Parameter Destination.Arn is not valid."
            " Reason: Cross event bus replay is not permitted."
        )
    if p["EventEndTime"] <= p["EventStartTime"]:
        raise invalid_parameter("EventEndTime", "EventStartTime must be before EventEndTime.")
    for arn in p["Destination"].get("FilterArns", []):
        key = rule_key(arn)
        if key is None or key.bus != bus.key or rows.find_rule(tx, key) is None:
            raise invalid_parameter("Destination.FilterArns", f"{arn} is no rule of the bus.")


@operation("events", "CancelReplay")
def cancel_replay(tx: Tx, p: Params) -> Result:
    replay = replay_rows.replay_of(tx, p["ReplayName"])
    if replay.state not in _LIVE:
        raise _illegal(replay)
    replay_rows.save(tx, replace(replay, state="CANCELLING"))
    return {"ReplayArn": replay.arn, "State": "CANCELLING"}


def _illegal(replay: Replay) -> Exception:
    return ServiceError(
        "IllegalStatusException",
        f"Replay {replay.name} is not in a valid state for this operation.",
    )


@operation("events", "DescribeReplay", reads=True)
def describe_replay(tx: Tx, p: Params) -> Result:
    replay = replay_rows.replay_of(tx, p["ReplayName"])
    shown = _shown(replay) | {
        "ReplayArn": replay.arn,
        "Destination": replay.request["Destination"],
    }
    about = replay.request.get("Description")
    return shown | ({} if about is None else {"Description": about})


@operation("events", "ListReplays", reads=True)
def list_replays(tx: Tx, p: Params) -> Result:
    found = [
        (replay.name, _shown(replay))
        for replay in replay_rows.all_of(tx)
        if replay.name.startswith(p.get("NamePrefix", ""))
        and p.get("State", replay.state) == replay.state
        and p.get("EventSourceArn", replay.request["EventSourceArn"])
        == replay.request["EventSourceArn"]
    ]
    return page(p, "Replays", found)


def _shown(replay: Replay) -> dict[str, Any]:
    shown = {
        "ReplayName": replay.name,
        "EventSourceArn": replay.request["EventSourceArn"],
        "State": replay.state,
        "StateReason": replay.reason,
        "EventStartTime": replay.request["EventStartTime"],
        "EventEndTime": replay.request["EventEndTime"],
        "EventLastReplayedTime": replay.position[0],
        "ReplayStartTime": replay.started,
        "ReplayEndTime": replay.ended,
    }
    return {name: value for name, value in shown.items() if value is not None}
