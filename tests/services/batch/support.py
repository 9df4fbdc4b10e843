"""A simulated Owari with a queue and a definition, and ways to look at jobs."""

from __future__ import annotations

from typing import Any

import owari.services.batch.api  # noqa: F401  (declares the service)
from owari.compute.base import Spec
from owari.effects import Report
from owari.kernel import Context, Work
from owari.wire.operation import REGISTRY
from tests.support.world import World

SYSTEM = Context("000000000000", "us-east-1", "owari", "system", "system")


class BatchWorld(World):
    """`machine()` says what there is; `submit()` uses the queue `q` and the definition `d`."""

    def tell(self, topic: str, result: dict[str, Any]) -> None:
        """What the host does when compute says something."""
        reaction = REGISTRY.reactions["batch", topic]
        report = Report("system", "", 1, result)
        self.kernel.submit(Work(SYSTEM, lambda tx: reaction(tx, report), lambda _r, _e: None))
        while self.turn():
            pass

    def machine(self, vcpus: float = 4, memory_mib: int = 8192, gpus: int = 0) -> None:
        agent = {
            "instance": self.compute.instance,
            "vcpus": vcpus,
            "memory_mib": memory_mib,
            "gpus": gpus,
        }
        self.tell("capacity", {"agents": [agent]})

    def machines(self, *vcpus: float, memory_mib: int = 8192) -> None:
        agents = [
            {"instance": f"m{n}", "vcpus": v, "memory_mib": memory_mib, "gpus": 0}
            for n, v in enumerate(vcpus)
        ]
        self.tell("capacity", {"agents": agents})

    def started(self, spec: Spec) -> None:
        self.engine.started(spec["run_id"], spec["attempt"], self.clock.now())
        while self.turn():
            pass

    def batch(self, operation: str, /, **params: Any) -> dict[str, Any]:
        return self.call("batch", operation, **params)

    def set_up(self, *, max_vcpus: int = 64, **queue: Any) -> None:
        self.environment("ce", max_vcpus)
        self.queue("q", "ce", **queue)
        self.define("d")

    def environment(self, name: str, max_vcpus: int) -> None:
        self.batch(
            "CreateComputeEnvironment",
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={
                "type": "EC2",
                "maxvCpus": max_vcpus,
                "instanceTypes": ["optimal"],
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
                "instanceRole": "ecsInstanceRole",
            },
        )

    def queue(self, name: str, *environments: str, priority: int = 1, **more: Any) -> None:
        order = [{"order": n, "computeEnvironment": e} for n, e in enumerate(environments, 1)]
        self.batch(
            "CreateJobQueue",
            jobQueueName=name,
            priority=priority,
            computeEnvironmentOrder=order,
            **more,
        )

    def define(self, name: str, *, container: dict[str, Any] | None = None, **more: Any) -> str:
        properties = {"image": "busybox", "command": ["true"], "vcpus": 1, "memory": 512}
        arn: str = self.batch(
            "RegisterJobDefinition",
            jobDefinitionName=name,
            type="container",
            containerProperties=properties | (container or {}),
            **more,
        )["jobDefinitionArn"]
        return arn

    def submit(self, name: str = "j", queue: str = "q", definition: str = "d", **p: Any) -> str:
        id: str = self.batch(
            "SubmitJob", jobName=name, jobQueue=queue, jobDefinition=definition, **p
        )["jobId"]
        return id

    def job(self, id: str) -> dict[str, Any]:
        (found,) = self.batch("DescribeJobs", jobs=[id])["jobs"]
        return dict(found)

    def status(self, id: str) -> str:
        return str(self.job(id)["status"])

    def summary(self, id: str) -> dict[str, int]:
        """Counts of an array's children, without the zeroes."""
        counts = self.job(id)["arrayProperties"]["statusSummary"]
        return {status: n for status, n in counts.items() if n}

    def lose_agent(self) -> None:
        self.compute.lose()
        self.engine.agent_changed(self.compute.instance, self.compute.known())
        while self.turn():
            pass
