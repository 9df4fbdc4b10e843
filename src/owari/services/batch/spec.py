"""What compute is told about one container of an attempt (compute/base.py, process spec)."""

from __future__ import annotations

from typing import Any

from owari.mounts import mounts_of
from owari.services.batch.demands import Size
from owari.services.batch.logs import definition_name, log_place
from owari.services.batch.names import task_id
from owari.services.batch.parameters import substitute
from owari.services.batch.parts import Template
from owari.services.batch.records import Job
from owari.services.batch.variables import job_variables

Json = dict[str, Any]


def process_spec(
    job: Job, index: int, attempt: int, body: Json, template: Template, size: Size, environment: str
) -> Json:
    """`size`: what it was given. The engine adds run_id and attempt."""
    container = template.container
    task = task_id(job.id, index, attempt, template.node)
    group, stream = log_place(container, template.name, definition_name(job.definition), task)
    linux = container.get("linuxParameters", {})
    return {
        "kind": "process",
        "command": substitute(container.get("command", ()), body["parameters"]),
        "image": container["image"],
        "variables": job_variables(job, index, attempt, body, template, environment),
        "vcpus": size.vcpus / 1000,
        "memory_mib": size.memory,
        "gpus": size.gpus,
        "timeout_s": None if body["timeout_s"] is None else float(body["timeout_s"]),
        "mounts": mounts_of(
            container.get("mountPoints", ()), template.task.get("volumes", ()), task
        ),
        "tmpfs_mib": {t["containerPath"]: t["size"] for t in linux.get("tmpfs", ())},
        "shm_mib": linux.get("sharedMemorySize"),
        "user": container.get("user"),
        "account": job.account,
        "region": job.region,
        "role_arn": template.task.get("jobRoleArn") or template.task.get("taskRoleArn") or "",
        "log_group": group,
        "log_stream": stream,
        "payload": b"",
    }
