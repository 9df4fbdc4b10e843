"""Service deployments and service revisions: listed, described, stopped."""

from __future__ import annotations

from typing import Any

from owari.arn import parse_arn
from owari.errors import ServiceError
from owari.services.ecs.deploying import threshold
from owari.services.ecs.deployments import can_roll_back, roll_back
from owari.services.ecs.describing_services import platform, revision_counts, wanted_tasks
from owari.services.ecs.faults import invalid, no_service
from owari.services.ecs.lookup import active_cluster, cluster_arn
from owari.services.ecs.names import last_of
from owari.services.ecs.paging import key_of, page_size, token_for
from owari.services.ecs.rollouts import (
    IN_PROGRESS,
    PENDING,
    Rollout,
    find_revision,
    find_rollout,
    rollouts_of,
)
from owari.services.ecs.service_rows import Service, find_service, save_service
from owari.services.ecs.strategy import launched_by
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

DESCRIBED_MAX = 20
PAGE_USUAL = 20
BY_USER = "Service deployment was stopped by the user."
_TIMES = (
    ("started", "startedAt"), ("finished", "finishedAt"), ("stopped", "stoppedAt"),
    ("updated", "updatedAt"),
)  # fmt: skip
_BRIEF = (
    "serviceDeploymentArn", "serviceArn", "clusterArn", "startedAt", "createdAt", "finishedAt",
    "targetServiceRevisionArn", "status", "statusReason",
)  # fmt: skip

Json = dict[str, Any]


@operation("ecs", "ListServiceDeployments", reads=True)
def list_service_deployments(tx: Tx, p: Params) -> Result:
    """The newest first."""
    arn = parse_arn(p["service"])
    if arn is not None and not p.get("cluster") and arn.resource.count("/") == 2:
        p = p | {"cluster": arn.resource.split("/")[1]}
    cluster = active_cluster(tx, p)["name"]
    name = last_of(p["service"], "service")
    service = find_service(tx, tx.account, tx.region, cluster, name)
    if service is None:
        raise no_service()
    wanted, when = p.get("status") or (), p.get("createdAt") or {}
    found = [
        rollout
        for rollout in rollouts_of(tx, service)
        if (not wanted or rollout.status in wanted)
        and when.get("after", float("-inf")) < rollout.created < when.get("before", float("inf"))
    ]
    most, start = page_size(p, usual=PAGE_USUAL), key_of(p.get("nextToken"), 0)
    page = [_brief(tx, rollout) for rollout in found[start : start + most]]
    result: dict[str, Any] = {"serviceDeployments": page}
    if start + most < len(found):
        result["nextToken"] = token_for(start + most)
    return result


def _brief(tx: Tx, rollout: Rollout) -> Json:
    target = {"targetServiceRevisionArn": rollout.revision_arn(rollout.revision)}
    made = _plain(tx, rollout) | target
    return {name: made[name] for name in _BRIEF if name in made}


def _plain(tx: Tx, rollout: Rollout) -> Json:
    made: Json = {
        "serviceDeploymentArn": rollout.arn,
        "serviceArn": rollout.service_arn,
        "clusterArn": cluster_arn(tx, rollout.cluster),
        "createdAt": rollout.created,
        "status": rollout.status,
    }
    made |= {name: rollout.body[key] for key, name in _TIMES if key in rollout.body}
    return made | ({"statusReason": rollout.body["reason"]} if "reason" in rollout.body else {})


@operation("ecs", "DescribeServiceDeployments", reads=True)
def describe_service_deployments(tx: Tx, p: Params) -> Result:
    found, failures = [], []
    for arn in _bounded(p["serviceDeploymentArns"], "serviceDeploymentArns"):
        named = _named(tx, arn)
        if named is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(_plain(tx, named[0]) | _detail(tx, *named))
    return {"serviceDeployments": found, "failures": failures}


def _bounded(arns: list[str], name: str) -> list[str]:
    if not 1 <= len(arns) <= DESCRIBED_MAX:
        raise invalid(f"{name} must have 1 to {DESCRIBED_MAX} elements.")
    return arns


def _parts(arn: str, kind: str) -> tuple[str, str, str]:
    """Cluster, service and id. Raises InvalidParameterException."""
    parsed = parse_arn(arn)
    parts = parsed.resource.split("/") if parsed else []
    if parsed is None or parsed.service != "ecs" or len(parts) != 4 or parts[0] != kind:
        raise invalid(f"Invalid identifier: {arn}")
    return parts[1], parts[2], parts[3]


def _named(tx: Tx, arn: str) -> tuple[Rollout, Service] | None:
    """Raises InvalidParameterException."""
    cluster, name, id = _parts(arn, "service-deployment")
    rollout = find_rollout(tx, tx.account, tx.region, cluster, name, id)
    service = find_service(tx, tx.account, tx.region, cluster, name)
    return None if rollout is None or service is None else (rollout, service)


def _detail(tx: Tx, rollout: Rollout, service: Service) -> Json:
    tasks = wanted_tasks(tx, service)

    def summary(number: str) -> Json:
        return {"arn": rollout.revision_arn(number)} | revision_counts(service, number, tasks)

    made = {
        "sourceServiceRevisions": [summary(number) for number in rollout.body["sources"]],
        "targetServiceRevision": summary(rollout.revision),
        "deploymentConfiguration": rollout.body["configuration"],
        "deploymentCircuitBreaker": _breaker(rollout, service),
        "alarms": {"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []},
    }
    return made | ({"rollback": rollout.body["rollback"]} if "rollback" in rollout.body else {})


def _breaker(rollout: Rollout, service: Service) -> Json:
    configuration = rollout.body["configuration"]
    breaker = configuration.get("deploymentCircuitBreaker") or {}
    if not breaker.get("enable"):
        return {"status": "DISABLED", "failureCount": 0, "threshold": 0}
    own = (d for d in service.deployments if d["id"].endswith(rollout.revision))
    failed = rollout.body.get("failed") or next((d["failedTasks"] for d in own), 0)
    if "failed" in rollout.body:
        status = "TRIGGERED"
    elif rollout.status in (PENDING, IN_PROGRESS):
        status = "MONITORING"
    else:
        status = "MONITORING_COMPLETE"
    wanted = threshold(configuration, service.body["desiredCount"])
    return {"status": status, "failureCount": failed, "threshold": wanted}


@operation("ecs", "DescribeServiceRevisions", reads=True)
def describe_service_revisions(tx: Tx, p: Params) -> Result:
    found, failures = [], []
    for arn in _bounded(p["serviceRevisionArns"], "serviceRevisionArns"):
        rollout = find_revision(tx, *_parts(arn, "service-revision"))
        if rollout is None:
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        told = {
            "serviceRevisionArn": arn,
            "serviceArn": rollout.service_arn,
            "clusterArn": cluster_arn(tx, rollout.cluster),
            "createdAt": rollout.created,
            "guardDutyEnabled": False,
        }
        found.append(rollout.body["revision"] | _platform(rollout.body["revision"]) | told)
    return {"serviceRevisions": found, "failures": failures}


def _platform(revision: Json) -> Json:
    strategy = revision.get("capacityProviderStrategy")
    return platform(launched_by(strategy) if strategy else revision.get("launchType", ""), revision)


@operation("ecs", "StopServiceDeployment")
def stop_service_deployment(tx: Tx, p: Params) -> Result:
    """By going back to the service revision that was completed last."""
    if p.get("stopType") not in (None, "ROLLBACK"):
        raise invalid("The stop type of a service deployment must be ROLLBACK.")
    named = _named(tx, p["serviceDeploymentArn"])
    if named is None:
        raise ServiceError(
            "ServiceDeploymentNotFoundException", "Service deployment not found.", status=400
        )
    rollout, service = named
    if rollout.status not in (PENDING, IN_PROGRESS) or not can_roll_back(service):
        why = f"its status is {rollout.status}"
        if rollout.status in (PENDING, IN_PROGRESS):
            why = "the service has no service revision to go back to"
        raise ServiceError(
            "ConflictException", f"The service deployment cannot be stopped: {why}.", status=400
        )
    roll_back(tx, service, "ECS deployment stopped: rolling back to deploymentId", BY_USER)
    save_service(tx, service)
    return {"serviceDeploymentArn": rollout.arn}
