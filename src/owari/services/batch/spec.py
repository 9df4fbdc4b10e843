"""What compute is told about one container of an attempt (compute/base.py, process spec)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from owari.mounts import mounts_of
from owari.services.batch.demands import Size
from owari.services.batch.logs import definition_name, log_place
from owari.services.batch.names import task_id
from owari.services.batch.parameters import substitute
from owari.services.batch.parts import load
from owari.services.batch.records import Job, Stretch
from owari.services.batch.variables import job_variables, unit_variables

Json = dict[str, Any]


def process_spec(
    job: Job, index: int, attempt: int, number: int, size: Size, environment: str
) -> Json:
    """`number`: of the part; `size`: what it was given. The engine adds run_id and attempt."""
    body, shape = load(job.body)
    template = shape[number]
    task = task_id(job.id, index, attempt, template.node)
    name = definition_name(job.definition)
    group, stream = log_place(template.container, template.name, name, task)
    return _shared(job.body, number, size) | {
        "variables": job_variables(job, index, attempt, body, template, environment),
        "mounts": mounts_of(
            template.container.get("mountPoints", ()), template.task.get("volumes", ()), task
        ),
        "account": job.account,
        "region": job.region,
        "log_group": group,
        "log_stream": stream,
    }


def stretch_spec(job: Job, stretch: Stretch, indexes: Sequence[int]) -> Json:
    """Of children that were sent together, each an item (compute/base.py)."""
    size, first = stretch.size_of_part(), indexes[0]
    made = process_spec(job, first, 1, 0, size, stretch.environment)
    template = load(job.body)[1][0]
    before = made["log_stream"].removesuffix(task_id(job.id, first, 1, template.node))
    made["items"] = [
        [i, unit_variables(job, i), before + task_id(job.id, i, 1, template.node)] for i in indexes
    ]
    return made


@lru_cache(maxsize=256)
def _shared(text: str, number: int, size: Size) -> Json:
    """What is the same for all children of an array. Not to be changed."""
    body, shape = load(text)
    template = shape[number]
    container = template.container
    linux = container.get("linuxParameters", {})
    return {
        "kind": "process",
        "command": substitute(container.get("command", ()), body["parameters"]),
        "image": container["image"],
        "vcpus": size.vcpus / 1000,
        "memory_mib": size.memory,
        "gpus": size.gpus,
        "timeout_s": None if body["timeout_s"] is None else float(body["timeout_s"]),
        "tmpfs_mib": {t["containerPath"]: t["size"] for t in linux.get("tmpfs", ())},
        "shm_mib": linux.get("sharedMemorySize"),
        "user": container.get("user"),
        "ulimits": [[u["name"], u["softLimit"], u["hardLimit"]]
                    for u in container.get("ulimits", ())],
        "read_only_root": bool(container.get("readonlyRootFilesystem")),
        "role_arn": template.task.get("jobRoleArn") or template.task.get("taskRoleArn") or "",
        "payload": b"",
    }  # fmt: skip
