"""Services: a number of tasks that is kept alive."""

from __future__ import annotations

import json
from typing import Any

from owari.services.ecs.deployments import HOW, new_deployment
from owari.services.ecs.describing_services import scheduling, service_detail, wanted_tasks
from owari.services.ecs.faults import invalid, no_service, not_implemented, service_not_active
from owari.services.ecs.launching import check
from owari.services.ecs.lookup import (
    active_cluster,
    active_definition,
    definition_arn,
)
from owari.services.ecs.names import check_name, ecs_arn, within
from owari.services.ecs.paging import key_of, page_size, token_for
from owari.services.ecs.placing import check_constraints
from owari.services.ecs.rollouts import STOPPED, end_rollout, forget_rollouts
from owari.services.ecs.service_rows import (
    ACTIVE,
    DRAINING,
    INACTIVE,
    Service,
    find_service,
    save_service,
    services_in,
)
from owari.services.ecs.strategy import launch_type
from owari.services.ecs.tagging import checked_tags, listed
from owari.services.ecs.task_sets import PRIMARY, shown_set
from owari.services.ecs.waking import look_after
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

DESCRIBED_MAX = 10
COUNT_MAX = 5_000
KEPT = (
    "loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy",
    "healthCheckGracePeriodSeconds", "schedulingStrategy", "deploymentController",
    "enableECSManagedTags", "propagateTags", "availabilityZoneRebalancing", *HOW,
)  # fmt: skip
OF_TASK_SET = (
    "taskDefinition", "launchType", "capacityProviderStrategy", "platformVersion",
    "networkConfiguration", "loadBalancers", "serviceRegistries",
)  # fmt: skip
CONFIGURATION: dict[str, Any] = {
    "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING",
    "bakeTimeInMinutes": 0, "deploymentCircuitBreaker": {"enable": False, "rollback": False},
}  # fmt: skip
DAEMON = {"maximumPercent": 100, "minimumHealthyPercent": 0}
NO_BALANCER = (
    "has load balancers or service registries. Owari keeps them on record and registers no targets"
    " with them."
)


@operation("ecs", "CreateService")
def create_service(tx: Tx, p: Params) -> Result:
    cluster = active_cluster(tx, p)
    name = check_name("Service name", p["serviceName"])
    existing = find_service(tx, tx.account, tx.region, cluster["name"], name)
    if existing is not None and existing.status != INACTIVE:
        if p.get("clientToken") and existing.body.get("clientToken") == p["clientToken"]:
            return {"service": described(tx, existing)}
        raise invalid("Creation of service was not idempotent.")
    body = _body(p, tx.principal)
    external = _is_external(p)
    launched = "EC2" if external else _checked(tx, body, _needs_definition(p), cluster)
    service = Service(
        account=tx.account,
        region=tx.region,
        cluster=cluster["name"],
        name=name,
        status=ACTIVE,
        created=tx.now,
        launch=launched,
        body=body,
        state={
            "deployments": [], "events": [], "failures": 0, "retry_at": 0.0, "seen": tx.now,
            "seen_ids": [], "steady": False,
        },
    )  # fmt: skip
    forget_rollouts(tx, service)  # of one of the same name that is gone
    if not external:
        definition = active_definition(tx, p["taskDefinition"])
        new_deployment(tx, service, _arn(tx, definition), _how(body))
    if body.get("loadBalancers") or body.get("serviceRegistries"):
        service.tell(tx.now, tx.new_id(), NO_BALANCER)
    save_service(tx, service)
    tx.resources.created(service.arn, "AWS::ECS::Service", checked_tags(p.get("tags", ())))
    _look_after(tx, service)
    return {"service": described(tx, service)}


def _checked(tx: Tx, body: dict[str, Any], definition: str, cluster: Row) -> str:
    """Its launch type. The body says from now on what decides it. Raises ServiceError."""
    launched, strategy = launch_type(body, json.loads(cluster["body"]))
    check_constraints(body.get("placementConstraints", []), launched)
    check(body, json.loads(active_definition(tx, definition)["body"]), launched)
    if strategy:
        body["capacityProviderStrategy"] = strategy
    else:
        body["launchType"] = launched
    return launched


def _arn(tx: Tx, definition: Any) -> str:
    return definition_arn(tx, definition["family"], definition["revision"])


def _how(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in HOW if name in body}


def _needs_definition(p: Params) -> str:
    if not p.get("taskDefinition"):
        raise invalid("TaskDefinition can not be blank.")
    return str(p["taskDefinition"])


def _is_external(p: Params) -> bool:
    """Raises InvalidParameterException; 501 for a controller that Owari does not have."""
    controller = p.get("deploymentController", {}).get("type", "ECS")
    if controller not in ("ECS", "EXTERNAL"):
        raise not_implemented(f"the deployment controller {controller}")
    if controller == "ECS":
        return False
    for name in OF_TASK_SET:
        if p.get(name):
            raise invalid(f"{name} is not supported for a service with the EXTERNAL deployment"
                          " controller. Specify it when you create a task set.")  # fmt: skip
    if p.get("schedulingStrategy") == "DAEMON":
        raise invalid("The DAEMON scheduling strategy is not supported with the EXTERNAL"
                      " deployment controller.")  # fmt: skip
    return True


def _body(p: Params, principal: str) -> dict[str, Any]:
    body = {name: p[name] for name in KEPT if name in p}
    daemon = p.get("schedulingStrategy") == "DAEMON"
    if daemon and p.get("desiredCount") is not None:
        raise invalid("The daemon scheduling strategy does not support a desired count.")
    count = 1 if daemon else p.get("desiredCount")  # a daemon: one on this machine
    if count is None:
        raise invalid("The desired count must be specified for a service of the replica strategy.")
    body["desiredCount"] = _count(count)
    given = p.get("deploymentConfiguration") or {}
    body["deploymentConfiguration"] = _configuration((DAEMON if daemon else {}) | given)
    body["clientToken"], body["createdBy"] = p.get("clientToken"), principal
    return body


def _count(count: int) -> int:
    if not 0 <= count <= COUNT_MAX:
        raise invalid(f"desiredCount must be between 0 and {COUNT_MAX}.")
    return count


def _configuration(given: dict[str, Any]) -> dict[str, Any]:
    made = CONFIGURATION | given
    least, most = made["minimumHealthyPercent"], made["maximumPercent"]
    if made["strategy"] != "ROLLING" or made.get("lifecycleHooks"):
        raise not_implemented(f"deployments of strategy {made['strategy']}, or with hooks")
    if made.get("alarms", {}).get("enable"):
        raise not_implemented("alarms that end a deployment")
    if not 0 <= least <= 100 or most < 100 or (least == 100 and most == 100):
        raise invalid("deploymentConfiguration must let tasks be stopped or started:"
                      " minimumHealthyPercent of 0 to 100, maximumPercent beyond.")  # fmt: skip
    return made


def _look_after(tx: Tx, service: Service) -> None:
    look_after(tx, service.account, service.region, f"{service.cluster}/{service.name}")


def _needed(tx: Tx, p: Params) -> Service:
    """Raises ServiceNotFoundException, ServiceNotActiveException."""
    cluster = active_cluster(tx, p)["name"]
    found = find_service(
        tx, tx.account, tx.region, cluster, within(cluster, p["service"], "service")
    )
    if found is None:
        raise no_service()
    if found.status != ACTIVE:
        raise service_not_active()
    return found


@operation("ecs", "UpdateService")
def update_service(tx: Tx, p: Params) -> Result:
    service = _needed(tx, p)
    body = service.body
    if p.get("desiredCount") is not None:
        body["desiredCount"] = _count(p["desiredCount"])
    if "deploymentConfiguration" in p:
        given = body["deploymentConfiguration"] | p["deploymentConfiguration"]
        body["deploymentConfiguration"] = _configuration(given)
    if service.is_external:
        return _update_external(tx, p, service)
    if not body.get("capacityProviderStrategy"):
        body["launchType"] = service.launch
    before = {name: body.get(name) for name in HOW}
    body |= {name: p[name] for name in KEPT if name in p}
    if body.get("capacityProviderStrategy"):
        body.pop("launchType", None)
    else:
        body.pop("capacityProviderStrategy", None)
        body["launchType"] = service.launch
    definition = service.primary["taskDefinition"]
    if p.get("taskDefinition"):
        definition = _arn(tx, active_definition(tx, p["taskDefinition"]))
    changed = definition != service.primary["taskDefinition"]
    if changed or p.get("forceNewDeployment") or before != {n: body.get(n) for n in HOW}:
        service.launch = _checked(tx, body, definition, active_cluster(tx, p))
        new_deployment(tx, service, definition, _how(body))
        service.state |= {"failures": 0, "retry_at": 0.0}
    service.state["steady"] = False
    save_service(tx, service)
    _look_after(tx, service)
    return {"service": described(tx, service)}


def _update_external(tx: Tx, p: Params, service: Service) -> Result:
    """Everything but the desired count and how long health checks wait is its task sets'."""
    for name in (*OF_TASK_SET, "forceNewDeployment"):
        if p.get(name):
            raise invalid(f"Unable to update {name} on services with an EXTERNAL deployment"
                          " controller. Use a task set.")  # fmt: skip
    grace = p.get("healthCheckGracePeriodSeconds")
    if grace is not None:
        service.body["healthCheckGracePeriodSeconds"] = grace
    save_service(tx, service)
    _look_after(tx, service)
    return {"service": described(tx, service)}


@operation("ecs", "DeleteService")
def delete_service(tx: Tx, p: Params) -> Result:
    service = _needed(tx, p)
    replica = service.body.get("schedulingStrategy") != "DAEMON"
    if service.body["desiredCount"] and replica and not p.get("force"):
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    service.status = DRAINING
    end_rollout(tx, service, STOPPED, "The service was deleted.")
    service.body["desiredCount"] = 0
    save_service(tx, service)
    tx.resources.deleted(service.arn)
    _look_after(tx, service)
    return {"service": described(tx, service)}


@operation("ecs", "DescribeServices", reads=True)
def describe_services(tx: Tx, p: Params) -> Result:
    cluster = active_cluster(tx, p)["name"]
    if not 1 <= len(p["services"]) <= DESCRIBED_MAX:
        raise invalid(f"Services must have 1 to {DESCRIBED_MAX} elements.")
    found, failures = [], []
    for reference in p["services"]:
        name = within(cluster, reference, "service")
        service = find_service(tx, tx.account, tx.region, cluster, name)
        if service is None:
            arn = ecs_arn(tx.account, tx.region, "service", cluster, name)
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            tags = listed(tx.resources.tags(service.arn)) if "TAGS" in p.get("include", ()) else []
            found.append(described(tx, service) | {"tags": tags})
    return {"services": found, "failures": failures}


@operation("ecs", "ListServices", reads=True)
def list_services(tx: Tx, p: Params) -> Result:
    cluster = active_cluster(tx, p)["name"]
    most, start = page_size(p, usual=10), key_of(p.get("nextToken"), 0)
    arns = [
        service.arn
        for service in services_in(tx, cluster)
        if p.get("launchType") in (None, service.launch)
        and p.get("schedulingStrategy") in (None, scheduling(service))
    ]
    result: dict[str, Any] = {"serviceArns": arns[start : start + most]}
    if start + most < len(arns):
        result["nextToken"] = token_for(start + most)
    return result


def described(tx: Tx, service: Service) -> dict[str, Any]:
    made = service_detail(tx, service)
    if not service.is_external:
        return made
    tasks = wanted_tasks(tx, service)
    primary = next((m for m in service.task_sets if m["status"] == PRIMARY), None)
    if primary is not None:
        made["taskDefinition"] = primary["taskDefinition"]
    sets = [shown_set(tx, service, task_set, tasks) for task_set in service.task_sets]
    return made | {"launchType": service.launch, "taskSets": sets}
