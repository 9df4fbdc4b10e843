"""Which tasks may begin: in the order they came, as long as this machine has room for them.

A task has its room as a whole, so that containers that wait for one another never wait for a
place held by other halves of tasks. It stays PROVISIONING until then; AWS's DescribeTasks has
no place for why, so its service says it as an event, and `owari status` of all tasks.

One that was run by itself holds up those behind it, so that a large one has its turn. Those of
services come after them and hold up nobody: the others of their service may run for good.
"""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.ecs.core import PENDING, PROVISIONING
from owari.services.ecs.instances import FARGATE, draining, instance_of
from owari.services.ecs.life import proceed, set_status
from owari.services.ecs.machines import Machine, machine_of, machine_seen, set_aside
from owari.services.ecs.records import Task, of_row, save
from owari.services.ecs.service_rows import find_service, save_service
from owari.services.ecs.waking import ask_for_room
from owari.store.tx import Row, Tx
from owari.wire.operation import reaction

AT_ONCE_MAX = 50  # tasks begun in one transaction
LOOKED_AT_MAX = 500


@reaction("ecs", "capacity")
def on_capacity(tx: Tx, report: Report) -> None:
    """What the agents have: `{"agents": [{"instance", "vcpus", "memory_mib", …}]}`."""
    assert report.result is not None
    machine_seen(tx, report.result["agents"])
    if report.result["agents"]:
        ask_for_room(tx)


@reaction("ecs", "admit")
def on_admit(tx: Tx, _report: Report) -> None:
    machine = machine_of(tx)
    if machine is not None and not machine.connected:
        return  # no agent: it will tell when there is one
    vcpus, memory = set_aside(tx)
    closed = draining(tx)
    waiting = tx.all(
        "SELECT * FROM ecs_task WHERE last = ? ORDER BY service <> '', seq LIMIT ?",
        PROVISIONING, LOOKED_AT_MAX,
    )  # fmt: skip
    begun, short = 0, set[tuple[str, ...]]()
    for row in waiting:
        if begun == AT_ONCE_MAX:
            tx.emit(Wake(), reply_to=ReplyTo("ecs", "admit", ""))
            return
        if row["launch"] != FARGATE and (row["account"], row["region"], row["cluster"]) in closed:
            note_waits(tx, of_row(row), "its container instance to be ACTIVE: it is DRAINING")
            continue
        if not fits(machine, row, vcpus, memory):
            assert machine is not None
            of = row["account"], row["region"], row["cluster"], row["service"]
            if of not in short:
                tell_why(tx, of_row(row), lacking(machine, row, vcpus, memory))
            if not row["service"]:
                return
            short.add(of)
            continue
        begun, vcpus, memory = begun + 1, vcpus + row["vcpus"], memory + row["memory"]
        begin(tx, of_row(row))


def begin(tx: Tx, task: Task) -> None:
    """It has its room."""
    if task.launch != FARGATE:
        instance = instance_of(tx, task.account, task.region, task.cluster)
        task.state["instance"] = instance.arn if instance else None
    task.state["connectivity"] = task.state["pull_started"] = tx.now
    set_status(tx, task, PENDING)
    proceed(tx, task)


def tell_why(tx: Tx, task: Task, lacks: str) -> None:
    """Once for each thing that it comes to lack."""
    if not note_waits(tx, task, lacks):
        return
    service = find_service(tx, task.account, task.region, task.cluster, task.service)
    if task.service and service is not None:
        service.tell(tx.now, tx.new_id(), "was unable to place a task because no container instance"
                     " met all of its requirements. The closest matching (container-instance"
                     f" {task.body['host']}) has insufficient {lacks} available.")  # fmt: skip
        save_service(tx, service)


def note_waits(tx: Tx, task: Task, what: str) -> bool:
    """What it waits for, for `owari status`. True when that is new."""
    if task.state.get("waits") == what:
        return False
    task.state["waits"] = what
    save(tx, task)
    return True


def lacking(machine: Machine, wanted: Row, vcpus: int, memory: int) -> str:
    """In the words of a service's event; what there is and what is free is for people."""
    return " and ".join(
        f"{what} ({wanted[column]} wanted, {max(0, there - used)} of {there} free)"
        for what, column, used, there in (
            ("CPU units", "vcpus", vcpus, machine.vcpus),
            ("memory", "memory", memory, machine.memory),
        )
        if used + wanted[column] > there
    )


def fits(machine: Machine | None, wanted: Row, vcpus: int, memory: int) -> bool:
    """One that asks more than there is runs alone; its containers learn why they cannot."""
    if machine is None or not vcpus + memory:
        return True
    return bool(
        vcpus + wanted["vcpus"] <= machine.vcpus and memory + wanted["memory"] <= machine.memory
    )
