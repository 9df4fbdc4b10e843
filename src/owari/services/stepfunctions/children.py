"""Child executions of a distributed Map: started in batches, so that ten thousand are cheap.

One transaction takes a batch of pending children. A child that ends within it (and most of a
pure workflow do) is told to its parent at once, which may ask for further children: these join
the batch until its bound. Counters are added up and written once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from owari.effects import ReplyTo, Report, Wake
from owari.services.stepfunctions import map_runs, running
from owari.services.stepfunctions.advance import advance, save, tell
from owari.services.stepfunctions.asl.frames import RUNNING, Execution, Live
from owari.services.stepfunctions.asl.instructions import StartChild
from owari.services.stepfunctions.asl.reports import Abort, ChildFinished, Started
from owari.services.stepfunctions.core import execution_arn, machine_arn
from owari.services.stepfunctions.definitions import compiled
from owari.services.stepfunctions.map_runs import COLUMN, Tally
from owari.services.stepfunctions.running import About, Running
from owari.store.tx import Row, Tx
from owari.wire.operation import reaction

BATCH = 64  # children per transaction
ABORT_BATCH = 32


@dataclass(slots=True)
class Batch:
    """One transaction's work on a map run."""

    run: Row
    parent: Running
    queue: deque[tuple[int, int, str]]
    tally: Tally = field(default_factory=Tally)

    @property
    def over(self) -> bool:
        join = self.parent.live.joins.get(self.run["frame"])
        return join is None or join.run_arn != self.run["arn"]


@reaction("stepfunctions", "children")
def on_children(tx: Tx, report: Report) -> None:
    run = map_runs.find(tx, int(report.key))
    if run is None or run["status"] != "RUNNING":
        return
    parent = running.load(tx, run["execution"])
    if parent is None:
        return
    taken = map_runs.take(tx, run["id"], BATCH)
    batch = Batch(run, parent, deque((c["item"], c["item_count"], c["input"]) for c in taken))
    label = run["arn"].split(":")[6]
    for _ in range(BATCH):
        if not batch.queue or batch.over:
            break
        _start(tx, batch, label, *batch.queue.popleft())
        _take_up(batch)
    _put_back(batch)
    batch.tally.write(tx, run["id"])
    save(tx, parent)
    if not batch.over and not batch.queue and map_runs.any_pending(tx, run["id"]):
        map_runs.wake(tx, parent, run["id"])


def _take_up(batch: Batch) -> None:
    """Children the parent has just asked for join the batch."""
    own = [c for c in batch.parent.children if c.run_arn == batch.run["arn"]]
    if own:
        batch.parent.children = [c for c in batch.parent.children if c not in own]
        batch.queue.extend((c.index, _size(batch, c.index), c.input) for c in own)


def _size(batch: Batch, index: int) -> int:
    return map_runs.items_in(batch.parent, batch.run["frame"], index)


def _put_back(batch: Batch) -> None:
    run = batch.run
    kind = "EXPRESS" if run["express"] else "STANDARD"
    if not batch.over:
        batch.parent.children += [
            StartChild(run["frame"], run["arn"], index, run["part"], kind, text)
            for index, _, text in batch.queue
        ]


def _start(tx: Tx, batch: Batch, label: str, index: int, items: int, text: str) -> None:
    child = _child(tx, batch, label, index, items, text)
    batch.tally.count("started_children", items)
    tell(tx, child, Started())
    save(tx, child, {})
    e = child.execution
    if e.status != RUNNING:
        batch.tally.count(COLUMN[e.status], items)
        run = batch.run
        tell(
            tx,
            batch.parent,
            ChildFinished(run["frame"], run["arn"], index, e.status, e.output, e.error, e.cause),
        )


def _child(tx: Tx, batch: Batch, label: str, index: int, items: int, text: str) -> Running:
    parent, run = batch.parent, batch.run
    name = tx.new_id()
    about = About(
        id=tx.next_seq(),
        machine=label,
        express=bool(run["express"]),
        definition=parent.about.definition,
        part=run["part"],
        settings=parent.about.settings,
        principal=parent.about.principal,
        parent=parent.about.id,
        map_run=run["id"],
        map_index=index,
        item_count=items,
        trace=parent.about.trace,
    )
    execution = Execution(
        arn=execution_arn(tx.region, tx.account, label, name),
        name=name,
        machine_arn=machine_arn(tx.region, tx.account, label),
        machine_name=label,
        role_arn=parent.execution.role_arn,
        input=text,
        started_ms=int(tx.now * 1000),
    )
    machine = compiled(tx, about.definition, about.part)
    return Running(about, Live(execution), machine)


@reaction("stepfunctions", "leftover")
def on_leftover(tx: Tx, report: Report) -> None:
    """A run that failed or was stopped: its running children are, too, some at a time."""
    rows = tx.all(
        "SELECT id FROM sfn_execution WHERE map_run = ? AND status = 'RUNNING' LIMIT ?",
        int(report.key),
        ABORT_BATCH,
    )
    for row in rows:
        advance(tx, row["id"], Abort())
    if len(rows) == ABORT_BATCH:
        tx.emit(Wake(), reply_to=ReplyTo("stepfunctions", "leftover", report.key))
