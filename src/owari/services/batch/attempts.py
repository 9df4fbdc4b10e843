"""An ended attempt as DescribeJobs shows it, and as the reports of its parts tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from owari.arn import make_arn
from owari.services.batch.core import Ending, ending_of
from owari.services.batch.logs import definition_name, log_place
from owari.services.batch.names import instance_id, task_id
from owari.services.batch.parts import OVER, Part, Template, deciding_part
from owari.services.batch.records import Job

Json = dict[str, Any]


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def ending(
    shape: Sequence[Template],
    parts: Sequence[Part],
    main: int,
    agents: Sequence[str],
    stop: str | None,
) -> Ending:
    """How the attempt ended: as its deciding part did."""
    number = deciding_part(shape, parts, main) or 0
    failed = [n for n, p in enumerate(parts) if shape[n].node == main and p.status == "lost"]
    number = failed[0] if failed else number
    part = parts[number]
    report = {"status": part.status, "exit_code": part.exit_code, "reason": part.reason}
    return ending_of(report, instance_id(agents[number]), stop)


def attempt_detail(
    job: Job, index: int, attempt: int, shape: Sequence[Template], parts: Sequence[Part],
    main: int, how: Ending, environment: str, agents: Sequence[str],
) -> Json:  # fmt: skip
    """AttemptDetail."""
    started = [p.started for p in parts if p.started is not None]
    stopped = [p.stopped for p in parts if p.stopped is not None]
    detail: Json = {"statusReason": how.status_reason}
    if started:
        detail["startedAt"] = milliseconds(min(started))
    if stopped:
        detail["stoppedAt"] = milliseconds(max(stopped))
    if "ecsProperties" in _kinds(shape):
        detail["taskProperties"] = [_task(job, index, attempt, shape, parts, environment)]
        return detail
    number = next(n for n, template in enumerate(shape) if template.node == main)
    detail["container"] = attempt_container(
        job, index, attempt, shape[number], parts[number], environment, agents[number]
    )
    return detail


def _kinds(shape: Sequence[Template]) -> set[str]:
    return {"ecsProperties"} if shape[0].task is not shape[0].container else {"container"}


def _task(
    job: Job, index: int, attempt: int, shape: Sequence[Template], parts: Sequence[Part],
    environment: str,
) -> Json:  # fmt: skip
    return {
        "taskArn": task_arn(job, index, attempt, 0, environment),
        "containers": [
            {"name": t.name} | _ended(job, index, attempt, t, p)
            for t, p in zip(shape, parts, strict=True)
        ],
    }


def _ended(job: Job, index: int, attempt: int, template: Template, part: Part) -> Json:
    """Exit code, reason and log stream, as far as there are any."""
    fields: Json = {}
    if part.state == OVER and part.exit_code is not None:
        fields["exitCode"] = part.exit_code
    if part.state == OVER and part.reason:
        fields["reason"] = part.reason
    if part.started is not None:
        fields["logStreamName"] = log_stream(job, index, attempt, template)
    return fields


def container_fields(
    job: Job, index: int, attempt: int, template: Template, part: Part, environment: str, agent: str
) -> Json:
    """What DescribeJobs adds to a container that was started."""
    fields = _ended(job, index, attempt, template, part)
    fields["taskArn"] = task_arn(job, index, attempt, template.node, environment)
    fields["containerInstanceArn"] = make_arn(
        "ecs", job.region, job.account,
        f"container-instance/AWSBatch-{environment}/{instance_id(agent)[2:]}",
    )  # fmt: skip
    return fields


def attempt_container(
    job: Job, index: int, attempt: int, template: Template, part: Part, environment: str, agent: str
) -> Json:
    """AttemptContainerDetail."""
    fields = container_fields(job, index, attempt, template, part, environment, agent)
    return fields | {"networkInterfaces": []}


def log_stream(job: Job, index: int, attempt: int, template: Template) -> str:
    task = task_id(job.id, index, attempt, template.node)
    return log_place(template.container, template.name, definition_name(job.definition), task)[1]


def task_arn(job: Job, index: int, attempt: int, node: int, environment: str) -> str:
    task = task_id(job.id, index, attempt, node)
    return make_arn("ecs", job.region, job.account, f"task/AWSBatch-{environment}/{task}")
