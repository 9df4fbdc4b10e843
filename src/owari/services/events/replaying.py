"""A replay goes on in steps, each a transaction: some events of the archive, in order of time.

When it is over it is told of for 90 days, as on AWS, and then forgotten: nobody can delete one.
"""

from __future__ import annotations

import json
from dataclasses import replace

from owari.effects import ReplyTo, Report, Wake
from owari.services.events import archive_rows, replay_rows, rows
from owari.services.events.archive_rows import Archive
from owari.services.events.core import PRINCIPAL, bus_key, rule_key
from owari.services.events.fanout import REPLAY, publish
from owari.services.events.replay_rows import Replay
from owari.store.tx import Tx
from owari.wire.operation import reaction

STEP = 50  # events
KEPT_S = 90 * 86_400.0


def go_on(tx: Tx, replay: Replay) -> None:
    replay_rows.save(tx, replay)
    tx.emit(Wake(), reply_to=ReplyTo("events", "replay", replay.name), principal=PRINCIPAL)


@reaction("events", "replay")
def on_step_due(tx: Tx, report: Report) -> None:
    replay = replay_rows.find(tx, report.key)
    assert replay is not None, "a replay that goes on is never deleted"
    archive = archive_rows.find(tx, replay.archive)
    if archive is not None and archive.created > replay.started:
        archive = None  # another of that name
    bus = rows.find_bus(tx, bus_key(replay.request["Destination"]["Arn"], tx.account, tx.region))
    if replay.state == "CANCELLING":
        _end(tx, replay, "CANCELLED", None)
    elif archive is None or bus is None:
        _end(tx, replay, "FAILED", f"{'Archive' if archive is None else 'Event bus'} was deleted.")
    else:
        _step(tx, replay, archive)


def _step(tx: Tx, replay: Replay, archive: Archive) -> None:
    request = replay.request
    start, end = request["EventStartTime"], request["EventEndTime"]
    time, seq = replay.position
    after = (start if time is None else time, seq)
    found = archive_rows.held(tx, archive, start, end, after, STEP)
    filters = request["Destination"].get("FilterArns")
    only = {key.name for arn in filters if (key := rule_key(arn))} if filters else None
    bus = bus_key(request["Destination"]["Arn"], tx.account, tx.region)
    for row in found:
        publish(tx, bus, json.loads(row["event"]) | {REPLAY: replay.name}, only=only)
    if found:
        replay = replace(replay, position=(found[-1]["time"], found[-1]["seq"]))
    if len(found) < STEP:
        _end(tx, replay, "COMPLETED", None)
    else:
        go_on(tx, replace(replay, state="RUNNING"))


def _end(tx: Tx, replay: Replay, state: str, reason: str | None) -> None:
    replay_rows.save(tx, replace(replay, state=state, reason=reason, ended=tx.now))
    over = ReplyTo("events", "replay over", replay.name)
    tx.emit(Wake(), due=tx.now + KEPT_S, reply_to=over, principal=PRINCIPAL)


@reaction("events", "replay over")
def on_kept_long_enough(tx: Tx, report: Report) -> None:
    replay_rows.delete(tx, report.key)
