"""Message move tasks: dead letters taken back, some per transaction.

Source: SQS Developer Guide, "Configure a dead-letter queue redrive": redriven messages are new
ones, with a new id and a new retention period.
"""

from __future__ import annotations

from dataclasses import replace

from owari.effects import ReplyTo, Report, Wake
from owari.services.sqs import groups, messages, rows
from owari.services.sqs.core import Queue, queue_key_of
from owari.services.sqs.dead_letters import arrived
from owari.services.sqs.faults import invalid, no_resource
from owari.services.sqs.messages import Move
from owari.services.sqs.tasks import (
    CANCELLED,
    COMPLETED,
    FAILED,
    RESULTS_MAX,
    RUNNING,
    Task,
    TaskKey,
    check_rate,
    results_of,
    task_id_of,
)
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation, reaction

SLICE = 100  # messages per transaction where no rate is asked for


@operation("sqs", "StartMessageMoveTask")
def start_message_move_task(tx: Tx, p: Params) -> Result:
    source = _queue_of(tx, p["SourceArn"], "SourceArn")
    destination = p.get("DestinationArn")
    if destination is not None:
        if _queue_of(tx, destination, "DestinationArn").fifo != source.fifo:
            raise invalid("Source and destination queue must be of the same type.")
        if destination == source.arn:
            raise invalid("Source queue arn and destination queue arn cannot be the same.")
    check_rate(p.get("MaxNumberOfMessagesPerSecond"))
    if not rows.sources_of(tx, source.arn, "", 1):
        raise invalid("Source queue must be configured as a Dead Letter Queue.")
    if any(task.status == RUNNING for task in _tasks_of(tx, source.arn, 1)):
        raise invalid(
            "There is already a task running. Only one active task is allowed for a source queue"
            " arn at a given time."
        )
    task = Task(
        key=TaskKey(source.key.account, source.key.region, tx.new_id()),
        source=source.arn,
        destination=destination,
        rate=p.get("MaxNumberOfMessagesPerSecond"),
        status=RUNNING,
        moved=0,
        to_move=messages.visible_count(tx, source),
        started=tx.now,
        failure=None,
    )
    forget(tx, source, but=RESULTS_MAX - 1)  # older ones are never listed
    _insert(tx, task)
    _go_on(tx, task, tx.now)
    return {"TaskHandle": task.handle}


@operation("sqs", "ListMessageMoveTasks", reads=True)
def list_message_move_tasks(tx: Tx, p: Params) -> Result:
    source = _queue_of(tx, p["SourceArn"], "SourceArn")
    tasks = _tasks_of(tx, source.arn, results_of(p.get("MaxResults")))
    return {"Results": [task.as_result() for task in tasks]}


@operation("sqs", "CancelMessageMoveTask")
def cancel_message_move_task(tx: Tx, p: Params) -> Result:
    key = TaskKey(tx.account, tx.region, task_id_of(p["TaskHandle"]))
    task = _find(tx, key)
    if task is None:
        raise no_resource("TaskHandle")
    if task.status != RUNNING:
        raise invalid("Only active tasks can be cancelled.")
    _update(tx, replace(task, status=CANCELLED))
    return {"ApproximateNumberOfMessagesMoved": task.moved}


def _queue_of(tx: Tx, arn: str, parameter: str) -> Queue:
    queue = rows.find_queue(tx, queue_key_of(arn, parameter))
    if queue is None:
        raise no_resource(parameter)
    return queue


# ---- the work
def _go_on(tx: Tx, task: Task, due: float) -> None:
    tx.emit(Wake(), due=due, reply_to=ReplyTo("sqs", "move", "/".join(task.key)))


@reaction("sqs", "move")
def on_move_due(tx: Tx, report: Report) -> None:
    task = _find(tx, TaskKey(*report.key.split("/")))
    if task is None or task.status != RUNNING:
        return
    source = rows.find_queue(tx, queue_key_of(task.source, "SourceArn"))
    if source is None:
        _update(tx, replace(task, status=FAILED, failure="AWS.SimpleQueueService.NonExistentQueue"))
        return
    slice_size = task.rate or SLICE
    moved, failure = _move_some(tx, task, source, slice_size)
    task = replace(task, moved=task.moved + moved)
    if failure is not None:
        _update(tx, replace(task, status=FAILED, failure=failure))
    elif moved < slice_size:
        _update(tx, replace(task, status=COMPLETED))
    else:
        _update(tx, task)
        _go_on(tx, task, tx.now + (1.0 if task.rate else 0.0))


def _move_some(tx: Tx, task: Task, source: Queue, most: int) -> tuple[int, str | None]:
    """How many were moved, and why the next could not be."""
    moved = 0
    for row in _movable(tx, source, most):
        arn = task.destination or row["source"]
        if arn is None:
            return moved, "CouldNotDetermineMessageSource"
        target = rows.find_queue(tx, queue_key_of(arn, "DestinationArn"))
        if target is None:
            return moved, "AWS.SimpleQueueService.NonExistentQueue"
        _move(tx, source, row, target)
        moved += 1
    return moved, None


def _movable(tx: Tx, source: Queue, most: int) -> list[Row]:
    """Of a FIFO queue whole groups, none of whose messages is in flight: they keep their order."""
    if not source.fifo:
        return messages.available(tx, source, most)
    found: list[Row] = []
    for group in groups.available(tx, source, most):
        found += messages.of_group(tx, source, group, most - len(found))
        if len(found) == most:
            break
    return found


def _move(tx: Tx, source: Queue, row: Row, target: Queue) -> None:
    to = Move(seq=tx.next_seq(), id=tx.new_id(), sent=tx.now, before=0, source=None)
    messages.move(tx, source, row["seq"], target, to)
    if source.fifo:
        groups.settle(tx, source, row["group_id"])
    arrived(tx, target, row["group_id"], to.seq)


# ---- rows
def forget(tx: Tx, source: Queue, *, but: int = 0) -> None:
    """The tasks of a queue, but for the latest."""
    tx.run(
        "DELETE FROM sqs_move_task WHERE source = ? AND seq NOT IN"
        " (SELECT seq FROM sqs_move_task WHERE source = ? ORDER BY seq DESC LIMIT ?)",
        source.arn,
        source.arn,
        but,
    )


def _insert(tx: Tx, task: Task) -> None:
    tx.run(
        "INSERT INTO sqs_move_task (account, region, id, source, destination, rate, status, moved,"
        " to_move, started, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *task.key,
        task.source,
        task.destination,
        task.rate,
        task.status,
        task.moved,
        task.to_move,
        task.started,
        tx.next_seq(),
    )


def _update(tx: Tx, task: Task) -> None:
    tx.run(
        "UPDATE sqs_move_task SET status = ?, moved = ?, failure = ?"
        " WHERE account = ? AND region = ? AND id = ?",
        task.status,
        task.moved,
        task.failure,
        *task.key,
    )


def _find(tx: Tx, key: TaskKey) -> Task | None:
    row = tx.one("SELECT * FROM sqs_move_task WHERE account = ? AND region = ? AND id = ?", *key)
    return _task(row) if row else None


def _tasks_of(tx: Tx, source: str, most: int) -> list[Task]:
    """The latest first."""
    found = tx.all(
        "SELECT * FROM sqs_move_task WHERE source = ? ORDER BY seq DESC LIMIT ?", source, most
    )
    return [_task(row) for row in found]


def _task(row: Row) -> Task:
    return Task(
        key=TaskKey(row["account"], row["region"], row["id"]),
        source=row["source"],
        destination=row["destination"],
        rate=row["rate"],
        status=row["status"],
        moved=row["moved"],
        to_move=row["to_move"],
        started=row["started"],
        failure=row["failure"],
    )
