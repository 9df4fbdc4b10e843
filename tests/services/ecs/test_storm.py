"""Services under seeded faults: deployed, scaled, protected, drained, while servers are killed.

Whatever happens, no protected task is stopped to have fewer, nothing is placed on an instance
that drains, the machine is never overfull, and in the end each service has what it wants.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from owari.errors import ServiceError
from owari.services.ecs.rollouts import UNDER_WAY
from tests.services.ecs.support import NETWORK, EcsWorld, container
from tests.support.world import Disconnected

CPU, MEMORY = 4096, 4000
HOUR_S = 3600.0
SMALL = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}
FAR = [
    {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
    {"capacityProvider": "FARGATE_SPOT", "weight": 2},
]
DESIRED_MAX = {"roll": 3, "far": 2, "ext": 2}
OF_EXT = {"cluster": "default", "service": "ext"}


class Storm:
    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = EcsWorld(folder, seed=seed)
        self.world.begin()
        self.world.machine(CPU / 1024, MEMORY)
        self.world.compute.duration = lambda spec: 5.0 if spec["image"] == "short" else 1e9
        self.world.compute.duplicate = lambda: self.faulty and self.random.random() < 0.1
        self.faulty, self.kills = False, 0
        self.protected: dict[str, float] = {}
        self.drained_since: float | None = None
        self.world.fault = self._fault
        self._set_up()

    def _fault(self, _where: str) -> bool:
        kill = self.faulty and self.random.random() < 0.01
        self.kills += kill
        return kill

    def _set_up(self) -> None:
        ecs = self.world.ecs
        for family in ("roll", "ext", "short"):
            self.world.define(family, container(family, cpu=512))
        self._define_far()
        ecs("CreateCapacityProvider", name="own",
            autoScalingGroupProvider={"autoScalingGroupArn": "group"})  # fmt: skip
        ecs("PutClusterCapacityProviders", cluster="default", defaultCapacityProviderStrategy=[],
            capacityProviders=["FARGATE", "FARGATE_SPOT", "own"])  # fmt: skip
        ecs("CreateService", serviceName="roll", taskDefinition="roll", desiredCount=2,
            deploymentConfiguration={"minimumHealthyPercent": 50})  # fmt: skip
        ecs("CreateService", serviceName="far", taskDefinition="far", desiredCount=2,
            capacityProviderStrategy=FAR, networkConfiguration=NETWORK)  # fmt: skip
        ecs("CreateService", serviceName="ext", desiredCount=2,
            deploymentController={"type": "EXTERNAL"})  # fmt: skip
        self.sets = [
            ecs("CreateTaskSet", **OF_EXT, taskDefinition="ext", scale={"value": share})["taskSet"][
                "id"
            ]
            for share in (100.0, 50.0)
        ]

    def _define_far(self) -> None:
        self.world.define("far", container("far"), requiresCompatibilities=["FARGATE"], **SMALL)

    # ---- what may happen
    def run(self, steps: int) -> None:
        self.faulty = True
        deeds: list[Callable[[], None]] = [
            self.scale, self.scale, self.deploy, self.stop_deployment, self.protect, self.protect,
            self.unprotect, self.stop_task, self.drain, self.start, self.run_task, self.scale_set,
            self.lose, self.crash,
        ]  # fmt: skip
        for _ in range(steps):
            with contextlib.suppress(Disconnected):
                self.random.choice(deeds)()
            self.begin_all()
            self.world.advance(self.random.expovariate(0.2))
            self.check()

    def tasks(self, **wanted: Any) -> list[str]:
        return list(self.world.ecs("ListTasks", **wanted)["taskArns"])

    def begin_all(self) -> None:
        """What compute has, begins: told again and again, as nobody knows what was heard."""
        for run, attempt in sorted(self.world.compute.known()):
            told = {"run_id": run, "attempt": attempt, "started_at": self.world.clock.now()}
            self.world.tell("started", told)

    def scale(self) -> None:
        name = self.random.choice(list(DESIRED_MAX))
        count = self.random.randint(0, DESIRED_MAX[name])
        self.world.ecs("UpdateService", service=name, desiredCount=count)

    def scale_set(self) -> None:
        to = {"value": self.random.choice([0.0, 30.0, 50.0])}
        self.world.ecs("UpdateTaskSet", **OF_EXT, taskSet=self.sets[1], scale=to)

    def deploy(self) -> None:
        name = self.random.choice(["roll", "far"])
        if name == "far":
            self._define_far()
        self.world.ecs("UpdateService", service=name, taskDefinition=name,
                       forceNewDeployment=self.random.random() < 0.5)  # fmt: skip

    def stop_deployment(self) -> None:
        for name in ("roll", "far"):
            arn = self.world.service(name).get("currentServiceDeployment")
            if arn:
                try:
                    self.world.ecs("StopServiceDeployment", serviceDeploymentArn=arn)
                except ServiceError as error:
                    assert error.code == "ConflictException"

    def protect(self) -> None:
        tasks = self.tasks(serviceName=self.random.choice(list(DESIRED_MAX)))
        if not tasks:
            return
        task, minutes = self.random.choice(tasks), self.random.choice([1, 2, 10])
        self.protected.pop(task, None)
        made = self.world.ecs("UpdateTaskProtection", cluster="default", tasks=[task],
                              protectionEnabled=True, expiresInMinutes=minutes)  # fmt: skip
        for shown in made["protectedTasks"]:
            self.protected[shown["taskArn"]] = shown["expirationDate"]

    def unprotect(self) -> None:
        if self.protected:
            task = self.random.choice(sorted(self.protected))
            del self.protected[task]
            self.world.ecs("UpdateTaskProtection", cluster="default", tasks=[task],
                           protectionEnabled=False)  # fmt: skip

    def stop_task(self) -> None:
        tasks = self.tasks()
        if tasks:
            self.world.ecs("StopTask", task=self.random.choice(tasks))

    def instance(self) -> dict[str, Any]:
        (arn,) = self.world.ecs("ListContainerInstances")["containerInstanceArns"]
        found = self.world.ecs("DescribeContainerInstances", containerInstances=[arn])
        return dict(found["containerInstances"][0])

    def drain(self) -> None:
        shown = self.instance()
        to = "ACTIVE" if shown["status"] == "DRAINING" else "DRAINING"
        self.drained_since = None
        self.world.ecs("UpdateContainerInstancesState", status=to,
                       containerInstances=[shown["containerInstanceArn"]])  # fmt: skip
        self.drained_since = self.world.clock.now() if to == "DRAINING" else None

    def start(self) -> None:
        here = self.instance()["containerInstanceArn"]
        self.world.ecs("StartTask", taskDefinition="short", containerInstances=[here])

    def run_task(self) -> None:
        """It waits while the instance drains."""
        own = [{"capacityProvider": "own"}]
        self.world.ecs("RunTask", taskDefinition="short", capacityProviderStrategy=own)

    def lose(self) -> None:
        self.world.lose_agent()
        self.world.machine(CPU / 1024, MEMORY)

    def crash(self) -> None:
        self.kills += 1
        self.world.crash()

    # ---- what holds all the while
    def check(self) -> None:
        rows = self.world.kernel.reader.execute("SELECT * FROM ecs_task").fetchall()
        placed = [row for row in rows if row["last"] not in ("PROVISIONING", "STOPPED")]
        assert sum(row["vcpus"] for row in placed) <= CPU
        assert sum(row["memory"] for row in placed) <= MEMORY
        shown = self.instance()
        left = {r["name"]: r["integerValue"] for r in shown["remainingResources"]}
        assert left["CPU"] == CPU - sum(row["vcpus"] for row in placed)
        for row in rows:
            self.check_task(self.world.task(row["id"]))
        for name in DESIRED_MAX:
            service = self.world.service(name)
            known = {d["id"] for d in service["deployments"]}
            known |= {made["id"] for made in service.get("taskSets", ())}
            live = {
                r["deployment"] for r in rows if r["service"] == name and r["last"] != "STOPPED"
            }
            assert live <= known
            history = self.history(name)
            assert not any(status in UNDER_WAY for status in history[1:])

    def check_task(self, task: dict[str, Any]) -> None:
        until = self.protected.get(task["taskArn"], 0.0)
        if task.get("stoppedReason", "").startswith("Scaling activity"):
            assert task["stoppingAt"] >= until, "it was protected"
        began = task.get("connectivityAt", 0.0)
        if self.drained_since is not None and task["launchType"] == "EC2":
            assert began <= self.drained_since, "placed while the instance drains"

    def history(self, name: str) -> list[str]:
        found = self.world.ecs("ListServiceDeployments", service=name, maxResults=100)
        return [made["status"] for made in found["serviceDeployments"]]

    # ---- how it ends
    def finish(self) -> None:
        self.faulty = False
        if self.instance()["status"] == "DRAINING":
            self.drain()
        for _ in range(40):
            self.begin_all()
            self.world.advance(30)
        self.world.ecs("DescribeClusters")

    def clean(self) -> None:
        for name in DESIRED_MAX:
            self.world.ecs("DeleteService", service=name, force=True)
        self.world.advance(60)
        for task in self.tasks():
            self.world.ecs("StopTask", task=task)
        self.world.advance(60)
        self.world.ecs("DeleteCluster", cluster="default")
        self.world.advance(48 * HOUR_S)


@pytest.mark.parametrize("seed", range(6))
def test_services_have_what_they_want_whatever_happens(tmp_path: Path, seed: int) -> None:
    storm = Storm(tmp_path, seed)
    storm.run(80)
    storm.finish()
    assert storm.kills > 0
    for name in ("roll", "far"):
        service = storm.world.service(name)
        assert service["runningCount"] == service["desiredCount"]
        assert [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"]
        assert storm.history(name)[0] in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL")
    for made in storm.world.service("ext")["taskSets"]:
        assert made["stabilityStatus"] == "STEADY_STATE"
        assert made["runningCount"] == made["computedDesiredCount"]
    storm.clean()
    tables = storm.world.tables()
    left = {t: tables[t] for t in ("ecs_task", "ecs_service", "ecs_rollout", "ecs_instance", "tag")}
    assert left == dict.fromkeys(left, 0)
    assert storm.world.effects(sweeps=True) == []
    storm.world.close()
