"""Jobs as callers see them: JobDetail and JobSummary.

A unit is shown from what there is of it: its task's row, or what the array's chunk and the array
itself know.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from owari.services.batch import reasons
from owari.services.batch.attempts import (
    attempt_container,
    container_fields,
    milliseconds,
    task_arn,
)
from owari.services.batch.core import (
    BY_ITSELF,
    EXITED,
    LIVE,
    RUNNABLE,
    STATUSES,
    SUCCEEDED,
    status_of,
)
from owari.services.batch.definitions import CONTAINER_DEFAULTS, shown_nodes
from owari.services.batch.names import QUEUE, batch_arn, unit_id
from owari.services.batch.parts import OVER, Part, Template, main_node, templates
from owari.services.batch.records import ITSELF, MULTINODE, Job, Task

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unit:
    """A child (or a job of its own, ITSELF) with all that is known of it."""

    index: int
    state: str
    task: Task | None = None
    times: tuple[float, float] | None = None  # of a child without a row


def job_detail(job: Job, unit: Unit | None, tags: dict[str, str]) -> Json:
    """JobDetail of the job itself (`unit` None for an array's parent) or of a unit of it."""
    body = json.loads(job.body)
    detail = _common(job, unit, body)
    detail["tags"] = tags
    if unit is None:
        return detail | _containers(job, body, None) | _parent(job)
    if unit.index != ITSELF:
        detail["arrayProperties"] = {"index": unit.index}
    detail["attempts"] = _attempts(job, unit, body)
    return detail | _containers(job, body, unit) | _times(job, unit)


def _common(job: Job, unit: Unit | None, body: Json) -> Json:
    index = unit.index if unit else ITSELF
    detail: Json = {
        "jobArn": job.arn if index < 0 else f"{job.arn}:{index}",
        "jobName": job.name,
        "jobId": unit_id(job.id, index),
        "jobQueue": batch_arn(job.account, job.region, QUEUE, job.queue),
        "status": status_of(unit.state) if unit else job.status,
        "attempts": [],
        "createdAt": milliseconds(job.created),
        "retryStrategy": {"evaluateOnExit": []} | body["retry"],
        "dependsOn": body["depends"],
        "jobDefinition": job.definition,
        "parameters": body["parameters"],
        "platformCapabilities": body["platform"],
        "propagateTags": body["propagate"],
        "isCancelled": job.cancel_reason is not None,
        "isTerminated": job.terminate_reason is not None,
    }
    if job.share:
        detail |= {"shareIdentifier": job.share, "schedulingPriority": job.priority}
    if body["timeout_s"] is not None:
        detail["timeout"] = {"attemptDurationSeconds": body["timeout_s"]}
    if body["consumables"]:
        detail["consumableResourceProperties"] = {"consumableResourceList": body["consumables"]}
    if reason := reason_of(job, unit):
        detail["statusReason"] = reason
    return detail


def reason_of(job: Job, unit: Unit | None) -> str:
    """Why it is in its state; for what is RUNNABLE: why it does not run."""
    if unit is None:
        return job.reason or (job.why if job.runnable else "")
    if unit.state == RUNNABLE:
        return job.why or reasons.BEHIND
    if unit.state in BY_ITSELF:
        return job.reason_of(unit.state)
    if unit.task is not None and unit.task.reason:
        return unit.task.reason
    return job.reason_of(unit.state) if unit.state not in LIVE else ""


def _parent(job: Job) -> Json:
    """Of an array's parent: a summary that costs the same for any size."""
    detail: Json = {"arrayProperties": array_summary(job)}
    if job.started is not None:
        detail["startedAt"] = milliseconds(job.started)
    if job.stopped is not None:
        detail["stoppedAt"] = milliseconds(job.stopped)
    return detail


def array_summary(job: Job) -> Json:
    return {
        "size": job.size,
        "statusSummary": dict(zip(STATUSES, (0, *job.counts), strict=True)),
        "statusSummaryLastUpdatedAt": milliseconds(job.changed),
    }


def _times(job: Job, unit: Unit) -> Json:
    started, stopped = times_of(job, unit)
    found: Json = {}
    if started is not None:
        found["startedAt"] = milliseconds(started)
    if stopped is not None:
        found["stoppedAt"] = milliseconds(stopped)
    return found


def times_of(job: Job, unit: Unit) -> tuple[float | None, float | None]:
    """When its last attempt started, and when it ended for good."""
    if unit.times is not None:
        return unit.times
    if unit.task is not None:
        return unit.task.started, unit.task.stopped
    return None, (job.stopped if unit.index == ITSELF else None)


def _attempts(job: Job, unit: Unit, body: Json) -> list[Json]:
    if unit.task is not None:
        return unit.task.attempts_so_far()
    if unit.state != SUCCEEDED or unit.times is None:
        return []
    shape = templates(body)
    started, stopped = unit.times
    container = attempt_container(job, unit.index, 1, shape[0], _succeeded(unit.times), "", "")
    for name in ("taskArn", "containerInstanceArn"):
        del container[name]
    return [
        {
            "container": container,
            "startedAt": milliseconds(started),
            "stoppedAt": milliseconds(stopped),
            "statusReason": EXITED,
        }
    ]


def _succeeded(times: tuple[float, float]) -> Part:
    """The part of a child that succeeded at once: all that could be known of it."""
    return Part(OVER, "ended", 0, "", "ok", *times)


# ---- containers
def _containers(job: Job, body: Json, unit: Unit | None) -> Json:
    if "nodes" in body:
        return {"nodeProperties": shown_nodes(body["nodes"])}
    if "ecs" in body:
        return {"ecsProperties": _ecs(job, body, unit)}
    return {"container": _container(job, body, unit)}


def _container(job: Job, body: Json, unit: Unit | None) -> Json:
    container: Json = CONTAINER_DEFAULTS | body["container"] | {"networkInterfaces": []}
    if unit is None:
        return container
    shape = templates(body)
    return container | _last_run(job, unit, shape[0], 0)


def _last_run(job: Job, unit: Unit, template: Template, number: int) -> Json:
    """What became of this container in the last attempt."""
    if unit.task is None:
        if unit.times is None:
            return {}
        fields = container_fields(job, unit.index, 1, template, _succeeded(unit.times), "", "")
        return {k: v for k, v in fields.items() if k not in ("taskArn", "containerInstanceArn")}
    task = unit.task
    parts = task.parts_now()
    if not parts:  # it was stopped before it ever ran
        return {}
    part, agent = parts[number], task.agents_now()[number]
    return container_fields(job, unit.index, task.attempt, template, part, task.environment, agent)


def _ecs(job: Job, body: Json, unit: Unit | None) -> Json:
    task: Json = dict(body["ecs"]["taskProperties"][0])
    if unit is not None and unit.task is not None:
        shape = templates(body)
        runs = [_last_run(job, unit, t, n) for n, t in enumerate(shape)]
        keep = ("exitCode", "reason", "logStreamName")
        task["containers"] = [
            c | {k: v for k, v in run.items() if k in keep}
            for c, run in zip(task["containers"], runs, strict=True)
        ]
        attempt, environment = unit.task.attempt, unit.task.environment
        task["taskArn"] = task_arn(job, unit.index, attempt, 0, environment)
    return {"taskProperties": [task]}


# ---- nodes of a multi-node job
def node_detail(job: Job, unit: Unit, node: int, tags: dict[str, str]) -> Json:
    """JobDetail of `id#N`."""
    body = json.loads(job.body)
    shape = templates(body)
    number = next(n for n, template in enumerate(shape) if template.node == node)
    detail = _common(job, unit, body) | _times(job, unit)
    detail |= {
        "jobArn": f"{job.arn}#{node}",
        "jobId": f"{job.id}#{node}",
        "nodeDetails": {"nodeIndex": node, "isMainNode": node == main_node(body)},
        "container": CONTAINER_DEFAULTS
        | shape[number].container
        | {"networkInterfaces": []}
        | _last_run(job, unit, shape[number], number),
        "tags": tags,
    }
    return detail


# ---- lists
def job_summary(job: Job, unit: Unit | None) -> Json:
    index = unit.index if unit else ITSELF
    summary: Json = {
        "jobArn": job.arn if index < 0 else f"{job.arn}:{index}",
        "jobId": unit_id(job.id, index),
        "jobName": job.name,
        "jobDefinition": job.definition,
        "createdAt": milliseconds(job.created),
        "status": status_of(unit.state) if unit else job.status,
    }
    if job.share:
        summary["shareIdentifier"] = job.share
    if reason := reason_of(job, unit):
        summary["statusReason"] = reason
    if job.cancel_reason is not None:
        summary["isCancelled"] = True
    if job.terminate_reason is not None:
        summary["isTerminated"] = True
    if job.is_array:
        summary["arrayProperties"] = {"index": index} if unit else array_summary(job)
    if job.kind == MULTINODE:
        summary["nodeProperties"] = {"numNodes": json.loads(job.body)["nodes"]["numNodes"]}
    return summary | (_ended(job, unit) if unit else _parent_times(job))


def _parent_times(job: Job) -> Json:
    return {k: v for k, v in _parent(job).items() if k != "arrayProperties"}


def _ended(job: Job, unit: Unit) -> Json:
    found = _times(job, unit)
    if unit.times is not None:
        return found | {"container": {"exitCode": 0}}
    if unit.task is not None and (attempts := unit.task.attempts_so_far()):
        last = attempts[-1].get("container", {})
        found["container"] = {k: last[k] for k in ("exitCode", "reason") if k in last}
    return found
