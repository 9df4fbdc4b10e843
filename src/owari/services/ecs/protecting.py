"""Scale-in protection: a service's task that is not stopped to have fewer, or to be replaced.

It ends by itself. Unhealthy tasks are replaced all the same, and StopTask and DeleteService stop
whatever there is. Source: developer guide, "Protect your Amazon ECS tasks from being terminated
by scale-in events".
"""

from __future__ import annotations

from owari.services.ecs.records import Task
from owari.services.ecs.service_rows import Service
from owari.services.ecs.waking import look_after
from owari.store.tx import Tx

BLOCKED = "blocked"  # in a service's state: its protected tasks keep it from a steady state


def protected_until(task: Task, now: float) -> float | None:
    """None: it is not protected."""
    until: float | None = task.state.get("protected_until")
    return until if until is not None and until > now else None


def unprotected(tasks: list[Task], count: int, now: float) -> tuple[list[Task], list[Task]]:
    """The first `count` that may be stopped; those that are protected, if that leaves too few."""
    free = [task for task in tasks if protected_until(task, now) is None][:count]
    kept = [task for task in tasks if protected_until(task, now) is not None]
    return free, kept if len(free) < count else []


def wait_for_protected(tx: Tx, service: Service, kept: list[Task]) -> None:
    """`kept`: its tasks that only their protection keeps from being stopped now."""
    if kept and not service.state.get(BLOCKED):
        service.tell(tx.now, tx.new_id(), "was unable to reach steady state because task set"
                     f" {kept[0].deployment} was unable to scale in. Reason: The number of"
                     " protected tasks are more than the desired count of tasks.")  # fmt: skip
    service.state[BLOCKED] = bool(kept)
    ends = [until for task in kept if (until := protected_until(task, tx.now)) is not None]
    if ends:
        key = f"{service.cluster}/{service.name}"
        look_after(tx, service.account, service.region, key, min(ends))
