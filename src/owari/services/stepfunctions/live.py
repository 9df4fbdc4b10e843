"""How the interpreter's records lie in rows: one per frame, join and array of items.

Only what changed in a turn is written. A frame is a JSON array, because its members' names
would be half of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Any

from owari.services.stepfunctions.asl.frames import Execution, Frame, Join, Live
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.store.tx import Tx

FIXED, INPUT = "fixed", "input"


_FIELDS = tuple(f.name for f in fields(Frame) if f.name not in ("id", "read"))
_members = attrgetter(*_FIELDS)


def frame_text(f: Frame) -> str:
    return dumps(list(_members(f)))


def frame_of(frame_id: str, text: str) -> Frame:
    return Frame(frame_id, **dict(zip(_FIELDS, loads(text), strict=True)))


def join_of(text: str) -> Join:
    return Join(**loads(text))


def _text(live: Live, kind: str, key: str) -> str:
    match kind:
        case "frame":
            return frame_text(live.frames[key])
        case "join":
            return dumps(asdict(live.joins[key]))
        case _:
            return dumps(live.items[key])


def _write(tx: Tx, execution: int, rows: Iterable[tuple[str, str, str]]) -> None:
    tx.connection.executemany(
        "INSERT INTO sfn_frame (execution, kind, id, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (execution, kind, id) DO UPDATE SET value = excluded.value",
        [(execution, *row) for row in rows],
    )


def write_changes(tx: Tx, execution: int, live: Live) -> None:
    if live.changed:
        _write(tx, execution, ((kind, key, _text(live, kind, key)) for kind, key in live.changed))
    if live.removed:
        tx.connection.executemany(
            "DELETE FROM sfn_frame WHERE execution = ? AND kind = ? AND id = ?",
            [(execution, kind, key) for kind, key in live.removed],
        )
    live.changed.clear()
    live.removed.clear()


def write_fixed(tx: Tx, execution: int, told: str, text: str) -> None:
    """What never changes: about the execution, and its input, which may be large."""
    _write(tx, execution, [(FIXED, "", told), (INPUT, "", text)])


@dataclass(slots=True)
class Stored:
    """Everything read of an execution; `live` still lacks the execution itself."""

    live: Live
    fixed: dict[str, Any]
    input: str = ""


NOBODY = Execution("", "", "", "", None, "", 0)


def read_all(tx: Tx, execution: int) -> Stored:
    found = Stored(Live(NOBODY), {})
    live = found.live
    for row in tx.all("SELECT kind, id, value FROM sfn_frame WHERE execution = ?", execution):
        key: str = row["id"]
        match row["kind"]:
            case "frame":
                live.frames[key] = frame_of(key, row["value"])
            case "join":
                live.joins[key] = join_of(row["value"])
            case "items":
                live.items[key] = loads(row["value"])
            case "fixed":
                found.fixed = loads(row["value"])
            case _:
                found.input = row["value"]
    return found


def forget(tx: Tx, execution: int) -> None:
    tx.run("DELETE FROM sfn_live WHERE execution = ?", execution)
    tx.run("DELETE FROM sfn_frame WHERE execution = ?", execution)
