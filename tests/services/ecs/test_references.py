"""Names and ARNs of what is in a cluster, asked of the wrong one or of none."""

from __future__ import annotations

from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.ecs.support import EcsWorld

ELSEWHERE = r"Invalid identifier: Identifier is for cluster other\. Your cluster is default"


def test_an_arn_says_its_cluster(world: EcsWorld) -> None:
    world.ecs("CreateCluster", clusterName="other")
    world.define("f")
    task = world.run(cluster="other")
    world.ecs("CreateService", cluster="other", serviceName="s", taskDefinition="f", desiredCount=0)
    (service,) = world.ecs("ListServices", cluster="other")["serviceArns"]
    instance = task.replace(":task/", ":container-instance/")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("DescribeTasks", {"tasks": [task]}),
        ("StopTask", {"task": task}),
        ("DescribeServices", {"services": [service]}),
        ("UpdateService", {"service": service, "desiredCount": 1}),
        ("DeleteService", {"service": service}),
        ("ListTasks", {"serviceName": service}),
        ("DescribeContainerInstances", {"containerInstances": [instance]}),
    ]
    for operation, p in asked:
        with pytest.raises(ServiceError, match=ELSEWHERE) as refusal:
            world.ecs(operation, **p)
        assert refusal.value.code == "InvalidParameterException", operation
    short = task.rpartition("/")[2]
    assert world.ecs("DescribeTasks", tasks=[short])["failures"][0]["reason"] == "MISSING"
    for named in (task, short):
        assert world.ecs("DescribeTasks", cluster="other", tasks=[named])["tasks"]


def test_tasks_of_a_service_that_is_not_there(world: EcsWorld) -> None:
    with pytest.raises(ServiceError, match="Service not found") as refusal:
        world.ecs("ListTasks", serviceName="nobody")
    assert refusal.value.code == "ServiceNotFoundException"
