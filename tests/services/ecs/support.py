"""A simulated Owari with a cluster, and ways to look at tasks and services."""

from __future__ import annotations

from typing import Any

from owari.compute.base import Spec
from owari.effects import Report
from owari.kernel import Context, Work
from owari.wire.operation import REGISTRY
from tests.support.world import World

SYSTEM = Context("000000000000", "us-east-1", "owari", "system", "system")
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def container(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": name, "memory": 64, **more}


def after(name: str, condition: str) -> dict[str, Any]:
    return {"dependsOn": [{"containerName": name, "condition": condition}]}


class EcsWorld(World):
    """Containers take as long as `seconds` says by their image, else 5 s."""

    def begin(self) -> None:
        self.seconds: dict[str, float] = {}
        self.compute.duration = lambda spec: self.seconds.get(spec["image"], 5.0)
        self.ecs("CreateCluster")

    def ecs(self, operation: str, /, **params: Any) -> dict[str, Any]:
        return self.call("ecs", operation, **params)

    def tell(self, topic: str, result: dict[str, Any]) -> None:
        """What the host does when compute says something."""
        reaction = REGISTRY.reactions["ecs", topic]
        report = Report("system", "", 1, result)
        self.kernel.submit(Work(SYSTEM, lambda tx: reaction(tx, report), lambda _r, _e: None))
        while self.turn():
            pass

    def machine(self, vcpus: float, memory_mib: int) -> None:
        agent = {"instance": "a", "vcpus": vcpus, "memory_mib": memory_mib, "gpus": 0}
        self.tell("capacity", {"agents": [agent]})

    def define(self, family: str, *containers: dict[str, Any], **more: Any) -> str:
        made = self.ecs(
            "RegisterTaskDefinition",
            family=family,
            containerDefinitions=list(containers) or [container("app")],
            **more,
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def run(self, family: str = "f", **more: Any) -> str:
        answer = self.ecs("RunTask", taskDefinition=family, **more)
        return str(answer["tasks"][0]["taskArn"])

    def task(self, arn: str) -> dict[str, Any]:
        (found,) = self.ecs("DescribeTasks", tasks=[arn])["tasks"]
        return dict(found)

    def containers(self, arn: str) -> dict[str, dict[str, Any]]:
        return {c["name"]: c for c in self.task(arn)["containers"]}

    def given(self) -> list[str]:
        """Images of everything compute was given, in order."""
        return [spec["image"] for spec in self.compute.started]

    def spec(self, image: str) -> Spec:
        return next(s for s in reversed(self.compute.started) if s["image"] == image)

    def began(self, image: str) -> None:
        """Compute tells that the newest run of this image began."""
        spec = self.spec(image)
        result = {"run_id": spec["run_id"], "attempt": spec["attempt"]}
        self.tell("started", result | {"started_at": self.clock.now()})

    def lose_agent(self) -> None:
        self.compute.lose()
        self.engine.agent_changed(self.compute.instance, self.compute.known())
        while self.turn():
            pass

    def service(self, name: str = "s") -> dict[str, Any]:
        (found,) = self.ecs("DescribeServices", services=[name])["services"]
        return dict(found)
