"""A service has the tasks it wants: started, replaced, rolled over to a new definition.

Whenever one of its tasks runs or ends, or its owner changes it, it is looked after once.
"""

from __future__ import annotations

import json
import math

from owari.effects import Report
from owari.services.ecs import records, rollouts
from owari.services.ecs.core import (
    BY_SCHEDULER,
    PROVISIONING,
    RUNNING,
    STOPPED,
    UNHEALTHY,
    health_of,
)
from owari.services.ecs.deploying import Counts, Moves, breaks, is_failure, moves, pause_s
from owari.services.ecs.deployments import can_roll_back, is_rollback, roll_back
from owari.services.ecs.life import ask_to_stop
from owari.services.ecs.placing_services import is_closed
from owari.services.ecs.protecting import unprotected, wait_for_protected
from owari.services.ecs.records import Task
from owari.services.ecs.rollouts import end_rollout, start_rollout
from owari.services.ecs.scaling import is_good, start_tasks, stop_tasks
from owari.services.ecs.service_events import announce_action, announce_deployment
from owari.services.ecs.service_rows import (
    ACTIVE,
    DRAINING,
    INACTIVE,
    Service,
    find_service,
    save_service,
)
from owari.services.ecs.sweeping import ensure_sweep
from owari.services.ecs.task_sets import forget_set, serve_sets
from owari.store.tx import Tx
from owari.wire.operation import reaction

TRIPPED = "Circuit breaker threshold exceeded."


@reaction("ecs", "service")
def on_service(tx: Tx, report: Report) -> None:
    cluster, _, name = report.key.partition("/")
    service = find_service(tx, tx.account, tx.region, cluster, name)
    if service is None or service.status == INACTIVE:
        return
    start_rollout(tx, service)
    _learn(tx, service)
    tasks = records.of_service(tx, tx.account, tx.region, cluster, name)
    _replace_unhealthy(tx, service, tasks)
    if service.is_external:
        serve_sets(tx, service, tasks)
    else:
        _move(tx, service, [task for task in tasks if task.desired == RUNNING])
        _settle(tx, service, tasks)
    if service.status == DRAINING and all(task.last == STOPPED for task in tasks):
        _end(tx, service)
    save_service(tx, service)


# ---- what became of its tasks
def _learn(tx: Tx, service: Service) -> None:
    """Of tasks that stopped since it was last looked after."""
    state = service.state
    ended = tx.all(
        "SELECT * FROM ecs_task WHERE account = ? AND region = ? AND cluster = ? AND service = ?"
        " AND last = ? AND stopped >= ? ORDER BY stopped, seq",
        service.account, service.region, service.cluster, service.name, STOPPED, state["seen"],
    )  # fmt: skip
    fresh = [records.of_row(row) for row in ended if row["id"] not in state["seen_ids"]]
    for task in fresh:
        _count_end(tx, service, task)
    if fresh:
        state["seen"] = max(task.stopped or 0.0 for task in fresh)
        seen = [row["id"] for row in ended if row["stopped"] == state["seen"]]
        state["seen_ids"] = seen


def _count_end(tx: Tx, service: Service, task: Task) -> None:
    code, stopped = task.state.get("stop_code", ""), task.stopped or tx.now
    if not is_failure(code, task.state.get("started"), stopped):
        if code != BY_SCHEDULER:
            service.state["failures"] = 0
        return
    service.state["failures"] += 1
    service.state["retry_at"] = tx.now + pause_s(service.state["failures"])
    deployment = next((d for d in service.deployments if d["id"] == task.deployment), None)
    if deployment is not None and deployment["rolloutState"] == "IN_PROGRESS":
        deployment["failedTasks"] += 1
    if service.state["failures"] == 3:
        service.tell(tx.now, tx.new_id(), "is unable to consistently start tasks successfully."
                     " For more information, see the Troubleshooting section.")  # fmt: skip
        announce_action(tx, service, "SERVICE_TASK_START_IMPAIRED", "WARN")


def _replace_unhealthy(tx: Tx, service: Service, tasks: list[Task]) -> None:
    grace = service.body.get("healthCheckGracePeriodSeconds") or 0
    for task in tasks:
        unhealthy = health_of(task.containers, task.parts()) == UNHEALTHY
        if unhealthy and tx.now - task.state.get("started", tx.now) >= grace:
            service.tell(tx.now, tx.new_id(), f"(task {task.id}) failed container health checks.")
            ask_to_stop(tx, task, BY_SCHEDULER, "Task failed container health checks")


# ---- what is done next
def _move(tx: Tx, service: Service, tasks: list[Task]) -> None:
    wanted = service.body["desiredCount"] if service.status == ACTIVE else 0
    of_now = {task.id for task in tasks if task.deployment == service.primary["id"]}
    if is_closed(tx, service, service.launch):  # what its instance carries is to go
        of_now = {task.id for task in tasks if task.last == PROVISIONING} & of_now
    mine = [task for task in tasks if task.id in of_now]
    others = [task for task in tasks if task.id not in of_now]
    counts = Counts(len(mine), sum(map(is_good, mine)), len(others), sum(map(is_good, others)))
    configuration = service.body["deploymentConfiguration"]
    if service.status == ACTIVE and _gives_up(tx, service, wanted):
        return
    todo = moves(wanted, configuration, counts)
    now = tx.now if service.status == ACTIVE else math.inf  # nothing protects from DeleteService
    gone, kept = _surplus(mine, others, todo, now)
    stop_tasks(tx, service, gone)
    wait_for_protected(tx, service, kept)
    start_tasks(tx, service, service.primary, service.launch, mine, todo.start)


def _surplus(
    mine: list[Task], others: list[Task], todo: Moves, now: float
) -> tuple[list[Task], list[Task]]:
    """Those to stop, and those kept back by their protection. Those that do not run yet go first,
    then the oldest."""
    bad = [task for task in others if not is_good(task)]
    good = [task for task in others if is_good(task)]
    own = sorted(mine, key=lambda task: (is_good(task), task.seq))
    picked = [
        unprotected(bad, len(bad), now),
        unprotected(good, todo.stop_others, now),
        unprotected(own, todo.stop_mine, now),
    ]
    return [t for gone, _ in picked for t in gone], [t for _, kept in picked for t in kept]


def _gives_up(tx: Tx, service: Service, wanted: int) -> bool:
    """The circuit breaker: a deployment whose tasks keep failing goes no further."""
    deployment, configuration = service.primary, service.body["deploymentConfiguration"]
    if deployment["rolloutState"] == "FAILED":
        return True
    if deployment["rolloutState"] != "IN_PROGRESS":
        return False
    if not breaks(configuration, wanted, deployment["failedTasks"]):
        return False
    deployment |= {
        "rolloutState": "FAILED",
        "rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start.",
    }
    service.tell(tx.now, tx.new_id(), f"(deployment {deployment['id']}) deployment failed: tasks"
                 " failed to start.")  # fmt: skip
    announce_deployment(tx, service, deployment, "FAILED")
    goes_back = configuration["deploymentCircuitBreaker"].get("rollback")
    failed = deployment["failedTasks"]
    if goes_back and can_roll_back(service) and not is_rollback(deployment):
        reason = "ECS deployment circuit breaker: rolling back to deploymentId"
        roll_back(tx, service, reason, TRIPPED, failed)
    else:
        end_rollout(tx, service, rollouts.STOPPED, TRIPPED, failed)
    return True


# ---- where it stands
def _end(tx: Tx, service: Service) -> None:
    """Its last task has stopped."""
    service.status = INACTIVE
    service.state["inactive_since"] = tx.now
    for made in list(service.task_sets):
        forget_set(tx, service, made)
    ensure_sweep(tx)


def _settle(tx: Tx, service: Service, tasks: list[Task]) -> None:
    live = {task.deployment for task in tasks if task.last != STOPPED}
    service.state["deployments"] = [
        d for d in service.deployments if d is service.primary or d["id"] in live
    ]
    if service.status != ACTIVE:
        return
    good = sum(1 for t in tasks if t.deployment == service.primary["id"] and is_good(t))
    alone = live <= {service.primary["id"]}
    if good != service.body["desiredCount"] or not alone or service.state["steady"]:
        return
    service.state["steady"] = True
    service.tell(tx.now, tx.new_id(), "has reached a steady state.")
    announce_action(tx, service, "SERVICE_STEADY_STATE")
    deployment = service.primary
    if deployment["rolloutState"] == "IN_PROGRESS":
        id = deployment["id"]
        deployment |= {
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {id} completed.",
            "updatedAt": tx.now,
        }
        service.tell(tx.now, tx.new_id(), f"(deployment {id}) deployment completed.")
        announce_deployment(tx, service, deployment, "COMPLETED")
        end_rollout(tx, service, rollouts.SUCCESSFUL)
        service.state["completed"] = json.loads(json.dumps(deployment))
