"""Where the jobs of a measurement run: a queue, a definition."""

from __future__ import annotations

from typing import Any


def make_queue(client: Any, name: str) -> None:
    """With an environment of its own, of the same name, that has 1,000 vCPUs."""
    client.create_compute_environment(
        computeEnvironmentName=name, type="UNMANAGED", unmanagedvCpus=1_000
    )
    client.create_job_queue(
        jobQueueName=name,
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": name}],
    )


def define(client: Any, name: str, *command: str, vcpus: int = 1) -> None:
    """A job of this command and 64 MiB."""
    room = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": "64"}]
    client.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={
            "image": "busybox",
            "command": list(command),
            "resourceRequirements": room,
        },
    )
