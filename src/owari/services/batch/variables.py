"""The environment variables of a job. Source: Batch user guide, "Job environment variables"."""

from __future__ import annotations

from typing import Any

from owari.services.batch.names import unit_id
from owari.services.batch.parts import Template, main_node, templates
from owari.services.batch.records import ITSELF, Job

LOOPBACK = "127.0.0.1"


def job_variables(
    job: Job, index: int, attempt: int, body: dict[str, Any], template: Template, environment: str
) -> dict[str, str]:
    """The container's own, then those that Batch sets; the latter win."""
    own = {v["name"]: v.get("value", "") for v in template.container.get("environment", ())}
    fargate = "FARGATE" in body["platform"]
    made = own | {
        "AWS_BATCH_JOB_ATTEMPT": str(attempt),
        "AWS_BATCH_JQ_NAME": job.queue,
        "AWS_BATCH_CE_NAME": environment,
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE" if fargate else "AWS_ECS_EC2",
        "AWS_REGION": job.region,
        "AWS_DEFAULT_REGION": job.region,
    }
    made |= unit_variables(job, index)
    if index != ITSELF:
        made["AWS_BATCH_JOB_ARRAY_SIZE"] = str(job.size)
    if "nodes" in body:
        made |= _node_variables(body, template)
    return made


def unit_variables(job: Job, index: int) -> dict[str, str]:
    """Those in which the children of an array differ."""
    made = {"AWS_BATCH_JOB_ID": unit_id(job.id, index)}
    if index != ITSELF:
        made["AWS_BATCH_JOB_ARRAY_INDEX"] = str(index)
    return made


def _node_variables(body: dict[str, Any], template: Template) -> dict[str, str]:
    """Nodes share this machine, so the main node is reached on loopback."""
    main = main_node(body)
    made = {
        "AWS_BATCH_JOB_NODE_INDEX": str(template.node),
        "AWS_BATCH_JOB_MAIN_NODE_INDEX": str(main),
        "AWS_BATCH_JOB_NUM_NODES": str(len({t.node for t in templates(body)})),
    }
    if template.node != main:
        made["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"] = LOOPBACK
    return made
