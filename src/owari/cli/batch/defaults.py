"""The compute environment, queue and job definitions that `owari submit` makes on first use.

They are ordinary ones: `aws batch` shows them, and other jobs may use them. The environment is
UNMANAGED, so it has no limit of its own: the machine is the limit.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

NAME = "owari-default"
HOST = "host"  # the image that is this machine as it stands
PATIENCE_S = 10.0


class NotReady(Exception):
    """The default environment or queue cannot be used; the message is for the user."""


def queue(batch: Any) -> str:
    """Its name. Raises ClientError and NotReady."""

    def found() -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = batch.describe_job_queues(jobQueues=[NAME])["jobQueues"]
        return answer

    if not found():
        _environment(batch)
        order = [{"order": 1, "computeEnvironment": NAME}]
        _unless_there(
            lambda: batch.create_job_queue(
                jobQueueName=NAME, priority=1, state="ENABLED", computeEnvironmentOrder=order
            )
        )
    _valid("job queue", found)
    return NAME


def _environment(batch: Any) -> None:
    _unless_there(
        lambda: batch.create_compute_environment(
            computeEnvironmentName=NAME, type="UNMANAGED", state="ENABLED"
        )
    )

    def found() -> list[dict[str, Any]]:
        described = batch.describe_compute_environments(computeEnvironments=[NAME])
        answer: list[dict[str, Any]] = described["computeEnvironments"]
        return answer

    _valid("compute environment", found)


def _unless_there(create: Callable[[], object]) -> None:
    """Two who submit at once may both find it missing."""
    try:
        create()
    except ClientError as error:
        if "exists" not in error.response["Error"]["Message"]:
            raise


def _valid(what: str, found: Callable[[], list[dict[str, Any]]]) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        here = found()
        if here and here[0]["status"] == "VALID":
            if here[0]["state"] != "ENABLED":
                raise NotReady(f"the {what} {NAME} is {here[0]['state']}: enable it again")
            return
        if (here and here[0]["status"] == "INVALID") or time.monotonic() > until:
            reason = here[0].get("statusReason", here[0]["status"]) if here else "it is gone"
            raise NotReady(f"the {what} {NAME} cannot be used: {reason}")
        time.sleep(0.1)


def definition(batch: Any, image: str, folders: dict[str, bool]) -> str:
    """ARN of one for that image; `folders` are mounted where they are (True: read-only).

    Raises ClientError.
    """
    properties = container(image, folders)
    name = definition_name(image, properties)
    pages = batch.get_paginator("describe_job_definitions").paginate(
        jobDefinitionName=name, status="ACTIVE"
    )
    for page in pages:
        for found in page["jobDefinitions"]:
            there = found["containerProperties"]
            if all(there.get(key) == value for key, value in properties.items()):
                return str(found["jobDefinitionArn"])
    made = batch.register_job_definition(
        jobDefinitionName=name, type="container", containerProperties=properties
    )
    return str(made["jobDefinitionArn"])


def container(image: str, folders: dict[str, bool]) -> dict[str, Any]:
    """What it takes is said when a job is submitted; a definition must say something."""
    names = {folder: f"folder-{n}" for n, folder in enumerate(folders)}
    return {
        "image": image,
        "command": ["true"],
        "resourceRequirements": [
            {"type": "VCPU", "value": "1"},
            {"type": "MEMORY", "value": "1024"},
        ],
        "volumes": [{"name": n, "host": {"sourcePath": f}} for f, n in names.items()],
        "mountPoints": [
            {"sourceVolume": names[f], "containerPath": f, "readOnly": fixed}
            for f, fixed in folders.items()
        ],
    }


def definition_name(image: str, properties: dict[str, Any]) -> str:
    """`owari-default` for this machine; another image's has its name in it."""
    if image == HOST:
        return NAME
    slug = re.sub(r"[^A-Za-z0-9]+", "-", image)[-60:].strip("-")
    digest = hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).hexdigest()[:8]
    return f"{NAME}-{slug}-{digest}"
