"""Replays in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.arn import make_arn
from owari.services.events import named_rows
from owari.services.events.faults import not_found
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

_TABLE = "events_replay"


@dataclass(frozen=True, slots=True)
class Replay:
    """`request` is StartReplay's; `position` the time and number of the last event replayed."""

    account: str
    region: str
    name: str
    archive: str
    state: str
    reason: str | None
    request: dict[str, Any]
    started: float
    ended: float | None
    position: tuple[float | None, int]

    @property
    def arn(self) -> str:
        return make_arn("events", self.region, self.account, f"replay/{self.name}")


def find(tx: Tx, name: str) -> Replay | None:
    row = named_rows.find(tx, _TABLE, name)
    return _replay(row) if row else None


def replay_of(tx: Tx, name: str) -> Replay:
    replay = find(tx, name)
    if replay is None:
        raise not_found(f"Replay {name} does not exist.")
    return replay


def all_of(tx: Tx) -> list[Replay]:
    return [_replay(row) for row in named_rows.every(tx, _TABLE)]


def save(tx: Tx, replay: Replay) -> None:
    tx.run(
        "INSERT INTO events_replay (account, region, name, archive, state, reason, request,"
        " started, ended, last_time, last_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, name) DO UPDATE SET state = excluded.state,"
        " reason = excluded.reason, ended = excluded.ended, last_time = excluded.last_time,"
        " last_seq = excluded.last_seq",
        replay.account,
        replay.region,
        replay.name,
        replay.archive,
        replay.state,
        replay.reason,
        dumps(replay.request),
        replay.started,
        replay.ended,
        *replay.position,
    )


def delete(tx: Tx, name: str) -> None:
    named_rows.delete(tx, _TABLE, name)


def _replay(row: Row) -> Replay:
    return Replay(
        account=row["account"],
        region=row["region"],
        name=row["name"],
        archive=row["archive"],
        state=row["state"],
        reason=row["reason"],
        request=loads(row["request"]),
        started=row["started"],
        ended=row["ended"],
        position=(row["last_time"], row["last_seq"]),
    )
