"""A task moves on: containers are started and stopped as their states ask, its status follows.

Everything that follows from an event commits with it: the status, what is run or stopped next,
the announcement, the wish of its service for another task.
"""

from __future__ import annotations

from owari.effects import ReplyTo, Run, Wake
from owari.services.ecs import records
from owari.services.ecs.core import (
    ACTIVATING,
    DEACTIVATING,
    DEPROVISIONING,
    ENDING,
    GIVEN,
    OVER,
    PENDING,
    RUNNING,
    STOPPED,
    STOPPING,
    Part,
    advance,
    all_began,
    why_stopped,
)
from owari.services.ecs.events import announce
from owari.services.ecs.records import Task
from owari.services.ecs.sweeping import ensure_sweep
from owari.services.ecs.waking import ask_for_room, look_after
from owari.services.ecs.watching import tell_watchers
from owari.store.tx import Tx

RESTOP_FIRST_S = 5.0


def set_status(tx: Tx, task: Task, status: str) -> None:
    task.last = status
    task.state["version"] += 1
    announce(tx, task)


def proceed(tx: Tx, task: Task, parts: list[Part] | None = None) -> None:
    """Do what the states of the containers ask for, and keep the task."""
    parts = task.parts() if parts is None else parts
    wanted = task.desired == RUNNING
    while True:
        todo = advance(task.containers, parts, wanted=wanted)
        for number in todo.start:
            _start(tx, task, parts, number)
        over = [number for number in todo.stop if _stop(tx, task, parts[number])]
        if not todo.start and not over:
            break
    task.set_parts(parts)
    if task.last == PENDING and not todo.ends and all_began(parts):
        _runs(tx, task, parts)
    if todo.ends and task.last != STOPPED:
        _ends(tx, task, parts)
    if todo.over and task.last != STOPPED:
        _stopped(tx, task, parts)
    records.save(tx, task)


def _start(tx: Tx, task: Task, parts: list[Part], number: int) -> None:
    part = parts[number]
    part.state = GIVEN
    part.run = tx.emit(
        Run("ecs", {"task": task.id, "part": number}),
        reply_to=ReplyTo("ecs", "ended", task.id),
        account=task.account,
        region=task.region,
        principal="ecs.amazonaws.com",
    )
    container = task.containers[number]
    if container.get("startTimeout"):
        wake(tx, task, "patience", number, container["startTimeout"])


def wake(tx: Tx, task: Task, topic: str, number: int, after_s: float) -> None:
    tx.emit(
        Wake({"part": number}),
        due=tx.now + after_s,
        reply_to=ReplyTo("ecs", topic, task.id),
        account=task.account,
        region=task.region,
        principal="ecs.amazonaws.com",
    )


def _stop(tx: Tx, task: Task, part: Part) -> bool:
    """True when it was over at once, because no agent had it."""
    part.told_to_stop = True
    if tx.stop(part.run, "stopped"):
        return False
    tx.cancel(part.run, "stopped")
    part.state, part.status, part.stopped = OVER, "cancelled", tx.now
    return True


def stop_again(tx: Tx, task: Task) -> None:
    """What was told to stop may not have heard: the server was killed before it said so."""
    for part in task.parts():
        if part.state != OVER and part.told_to_stop:
            tx.stop(part.run, "stopped")


def ask_to_stop(tx: Tx, task: Task, code: str, reason: str) -> None:
    """Of its own containers' end, a task has its own reason."""
    if task.desired == STOPPED:
        return
    task.desired = STOPPED
    task.state |= {"stop_code": code, "stop_reason": reason}
    proceed(tx, task)


def _runs(tx: Tx, task: Task, parts: list[Part]) -> None:
    task.state["pull_stopped"] = task.state.get("pull_stopped") or tx.now
    set_status(tx, task, ACTIVATING)
    task.state["started"] = max((p.started for p in parts if p.started), default=tx.now)
    set_status(tx, task, RUNNING)
    if task.service:
        _tell_service(tx, task)


def _ends(tx: Tx, task: Task, parts: list[Part]) -> None:
    if task.last in ENDING:
        return
    if task.last == PENDING and all(p.exit_code is not None for p in parts):
        _runs(tx, task, parts)  # it was so quick that nobody told of its start
    if not task.state.get("stop_code"):
        code, reason = why_stopped(task.containers, parts, task.body["host"])
        task.state |= {"stop_code": code, "stop_reason": reason}
    task.desired = STOPPED
    task.state["stopping"] = tx.now
    if task.last == RUNNING:
        set_status(tx, task, DEACTIVATING)
    set_status(tx, task, STOPPING)
    if any(part.state != OVER for part in parts):
        wake(tx, task, "restop", 0, RESTOP_FIRST_S)


def _stopped(tx: Tx, task: Task, parts: list[Part]) -> None:
    ended = [part.stopped for part in parts if part.stopped is not None]
    task.state["execution_stopped"] = max(ended, default=tx.now)
    set_status(tx, task, DEPROVISIONING)
    task.stopped = task.state["stopped"] = tx.now
    set_status(tx, task, STOPPED)
    tell_watchers(tx, task)
    if task.service:
        _tell_service(tx, task)
    ensure_sweep(tx)
    ask_for_room(tx)


def _tell_service(tx: Tx, task: Task) -> None:
    look_after(tx, task.account, task.region, f"{task.cluster}/{task.service}")
