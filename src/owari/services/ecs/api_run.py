"""RunTask: up to ten tasks of one definition."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from owari.errors import ServiceError
from owari.services.ecs import rows
from owari.services.ecs.describing import task_detail
from owari.services.ecs.faults import invalid
from owari.services.ecs.launching import Order, check, launch
from owari.services.ecs.lookup import active_cluster, active_definition, definition_arn
from owari.services.ecs.placing import NO_INSTANCES, Place, check_constraints, place
from owari.services.ecs.strategy import launch_type, shared_out
from owari.services.ecs.sweeping import TOKEN_KEPT_S, ensure_sweep
from owari.services.ecs.tagging import checked_tags, listed
from owari.services.ecs.waking import ask_for_room
from owari.store.encode import dumps
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

COUNT_MAX = 10
STARTED_BY_MAX = 128


@operation("ecs", "RunTask")
def run_task(tx: Tx, p: Params) -> Result:
    cluster = active_cluster(tx, p)
    definition = active_definition(tx, p["taskDefinition"])
    count = p.get("count")
    count = 1 if count is None else count
    if not 1 <= count <= COUNT_MAX:
        raise invalid(f"Count must be between 1 and {COUNT_MAX}.")
    launched, strategy = launch_type(p, json.loads(cluster["body"]))
    check(p, json.loads(definition["body"]), launched)
    constraints = p.get("placementConstraints", [])
    check_constraints(constraints, launched)
    order = order_of(tx, p, cluster["name"], definition)
    known = _known(tx, p)
    if known is not None:
        return known
    constraints = [*constraints, *json.loads(definition["body"])["placementConstraints"]]
    found = place(tx, launched, order.cluster, constraints, order.group, count)
    if found.reason == NO_INSTANCES:
        if not strategy:
            raise invalid(NO_INSTANCES)
        found = Place(count)  # of a provider, a task waits for an instance
    names = shared_out(strategy, {}, found.count)
    made = [launch(tx, order, (launched, name)) for name in names]
    ask_for_room(tx)
    arn = found.instance.arn if found.instance else ""
    failures = [{"arn": arn, "reason": found.reason}] * (count - found.count)
    tags = {"tags": listed(order.tags)}
    answer = {"tasks": [task_detail(task) | tags for task in made], "failures": failures}
    _remember(tx, p, answer)
    return answer


def order_of(tx: Tx, p: Params, cluster: str, definition: Row) -> Order:
    """What RunTask, or StartTask, asks for. Raises InvalidParameterException."""
    if len(p.get("startedBy", "")) > STARTED_BY_MAX:
        raise invalid(f"startedBy cannot be longer than {STARTED_BY_MAX} characters.")
    return Order(
        cluster=cluster,
        definition=definition,
        how=p,
        group=p.get("group") or f"family:{definition['family']}",
        started_by=p.get("startedBy", ""),
        tags=_tags(tx, p, definition),
    )


def _tags(tx: Tx, p: Params, definition: Row) -> dict[str, str]:
    own = checked_tags(p.get("tags", ()))
    if p.get("propagateTags") != "TASK_DEFINITION":
        return own
    return tx.resources.tags(definition_arn(tx, definition["family"], definition["revision"])) | own


def _digest(p: Params) -> str:
    """Of everything but the token."""
    plain = {k: v for k, v in p.items() if k != "clientToken"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _known(tx: Tx, p: Params) -> dict[str, Any] | None:
    """The answer that the same request with the same token was given. Raises ConflictException."""
    row = rows.token(tx, p["clientToken"], tx.now - TOKEN_KEPT_S) if p.get("clientToken") else None
    if row is None:
        return None
    answer: dict[str, Any] = json.loads(row["answer"])
    if row["request"] != _digest(p):
        raise ServiceError(
            "ConflictException",
            "The request conflicts with an earlier one of the same clientToken.",
            fields={"resourceIds": [task["taskArn"] for task in answer["tasks"]]},
        )
    return answer


def _remember(tx: Tx, p: Params, answer: dict[str, Any]) -> None:
    if p.get("clientToken"):
        not_before = tx.now - TOKEN_KEPT_S
        rows.save_token(tx, p["clientToken"], _digest(p), dumps(answer), not_before)
        ensure_sweep(tx)
