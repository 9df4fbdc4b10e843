"""A running execution as the shell holds it: the interpreter's value and what surrounds it.

Theory of operation. The rows are the truth. Between transactions a running execution stays in
the process' cache with the stamp its row had when it was written; it is used again only when
the row still bears that stamp. Stamps come from the commit counter, so that after a rolled-back
transaction the two differ and the rows are read anew. While a transaction changes an execution
it is out of the cache, so a failure halfway leaves nothing behind.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field, fields
from operator import attrgetter
from typing import Any

from owari.services.stepfunctions import live as rows
from owari.services.stepfunctions.asl.definition import Machine
from owari.services.stepfunctions.asl.frames import Execution, Live
from owari.services.stepfunctions.asl.history import Event
from owari.services.stepfunctions.asl.instructions import StartChild
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.asl.reports import Report
from owari.services.stepfunctions.definitions import compiled
from owari.store.tx import Tx

CACHED_MAX = 2_048
# Of an execution, what never changes is written once, apart from what does.
FIXED = {"arn", "name", "machine_arn", "machine_name", "role_arn", "input", "started_ms"}
_VARYING = tuple(f.name for f in fields(Execution) if f.name not in FIXED)
_varying = attrgetter(*_VARYING)


@dataclass(slots=True)
class About:
    """What never changes while it runs. `machine` includes the label of a distributed Map.

    `map_run` and `map_index` are set for a child of a map run, `parent` is then the execution
    the run belongs to. `trace` is the header of its tasks (tracing.py). `request` is that of a
    StartSyncExecution that waits for the end.
    """

    id: int
    machine: str
    express: bool
    definition: str
    part: str
    settings: dict[str, Any]
    principal: str
    parent: int | None = None
    map_run: int | None = None
    map_index: int | None = None
    item_count: int | None = None
    request: str | None = None
    trace: str = ""


@dataclass(slots=True)
class Running:
    """`events` and `children` are what the current transaction has yet to store."""

    about: About
    live: Live
    machine: Machine
    stamp: int = 0
    stored: bool = False
    events: list[Event] = field(default_factory=list)
    inbox: deque[Report] = field(default_factory=deque)
    children: list[StartChild] = field(default_factory=list)

    @property
    def execution(self) -> Execution:
        return self.live.execution


def _cache(tx: Tx) -> dict[int, Running]:
    known: dict[int, Running] = tx.cache.setdefault("stepfunctions.running", {})
    return known


def load(tx: Tx, execution: int) -> Running | None:
    """None when it has ended for good."""
    cached = _cache(tx).pop(execution, None)
    row = tx.one("SELECT stamp, value FROM sfn_live WHERE execution = ?", execution)
    if row is None:
        return None
    if cached is not None and cached.stamp == row["stamp"]:
        return cached
    found = rows.read_all(tx, execution)
    about = About(**found.fixed["about"])
    varying = dict(zip(_VARYING, loads(row["value"]), strict=True))
    found.live.execution = Execution(**found.fixed["execution"], **varying, input=found.input)
    machine = compiled(tx, about.definition, about.part)
    return Running(about, found.live, machine, row["stamp"], stored=True)


def store(tx: Tx, r: Running) -> None:
    """Writes what changed, and remembers it."""
    r.stamp = tx.next_seq()
    tx.run(
        "INSERT INTO sfn_live (execution, stamp, value) VALUES (?, ?, ?)"
        " ON CONFLICT (execution) DO UPDATE SET stamp = excluded.stamp, value = excluded.value",
        r.about.id,
        r.stamp,
        dumps(list(_varying(r.execution))),
    )
    if not r.stored:
        fixed = {name: getattr(r.execution, name) for name in FIXED if name != "input"}
        told = dumps({"about": asdict(r.about), "execution": fixed})
        rows.write_fixed(tx, r.about.id, told, r.execution.input)
        r.stored = True
    rows.write_changes(tx, r.about.id, r.live)
    known = _cache(tx)
    while len(known) >= CACHED_MAX:
        del known[next(iter(known))]
    known[r.about.id] = r


def drop(tx: Tx, r: Running) -> None:
    """It can never go on: nothing of its inner state is kept."""
    if r.stored:
        rows.forget(tx, r.about.id)
