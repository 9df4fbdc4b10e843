"""The machine as a container instance: its resources, draining, attributes, placement on it."""

from __future__ import annotations

from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.ecs.support import NETWORK, EcsWorld, container
from tests.services.ecs.test_services import all_begin, tasks_of

ARN = "arn:aws:ecs:us-east-1:000000000000:container-instance/default/"


@pytest.fixture
def one(world: EcsWorld) -> EcsWorld:
    """A machine of four vCPUs; tasks of 512 units and 64 MiB that do not end."""
    world.compute.duration = lambda _spec: 1e9
    world.machine(4, 4000)
    world.define("f", container("app", cpu=512))
    return world


def instance(world: EcsWorld, **more: Any) -> dict[str, Any]:
    (arn,) = world.ecs("ListContainerInstances")["containerInstanceArns"]
    found = world.ecs("DescribeContainerInstances", containerInstances=[arn], **more)
    assert found["failures"] == []
    return dict(found["containerInstances"][0])


def resources(shown: list[dict[str, Any]]) -> dict[str, Any]:
    return {r["name"]: r.get("stringSetValue", r["integerValue"]) for r in shown}


def drain(world: EcsWorld, status: str = "DRAINING") -> None:
    arn = instance(world)["containerInstanceArn"]
    made = world.ecs("UpdateContainerInstancesState", containerInstances=[arn], status=status)
    assert made["containerInstances"][0]["status"] == status


def put(world: EcsWorld, **attributes: str) -> dict[str, Any]:
    arn = instance(world)["containerInstanceArn"]
    given = [{"name": k, "value": v, "targetId": arn} for k, v in attributes.items()]
    return world.ecs("PutAttributes", attributes=given)


def test_before_an_agent_tells_there_is_none(world: EcsWorld) -> None:
    assert world.ecs("ListContainerInstances")["containerInstanceArns"] == []
    assert world.ecs("DescribeClusters")["clusters"][0]["registeredContainerInstancesCount"] == 0
    assert world.ecs("ListAttributes", targetType="container-instance")["attributes"] == []


def test_its_resources_are_those_of_the_machine(one: EcsWorld) -> None:
    ports = [{"containerPort": 8080}]
    one.define("g", container("web", cpu=512, portMappings=ports))
    tasks = [one.run(), one.run("g")]
    for there in (0, 1):  # it joins a new cluster, as on AWS, after that was made
        made = one.ecs("CreateCluster", clusterName="other")["cluster"]
        assert made["registeredContainerInstancesCount"] == there
    one.run(cluster="other")
    one.settle()
    one.began("web")
    shown = instance(one)
    assert shown["containerInstanceArn"].startswith(ARN)
    assert (shown["status"], shown["agentConnected"]) == ("ACTIVE", True)
    assert resources(shown["registeredResources"]) == {"CPU": 4096, "MEMORY": 4000, "PORTS": []}
    left = resources(shown["remainingResources"])
    assert left == {"CPU": 4096 - 3 * 512, "MEMORY": 4000 - 3 * 64, "PORTS": ["8080"]}
    assert (shown["runningTasksCount"], shown["pendingTasksCount"]) == (1, 1)
    assert one.task(tasks[0])["containerInstanceArn"] == shown["containerInstanceArn"]
    listed = one.ecs("ListTasks", containerInstance=shown["containerInstanceArn"])["taskArns"]
    assert listed == tasks
    assert one.ecs("ListTasks", containerInstance="0" * 32)["taskArns"] == []
    assert one.ecs("DescribeClusters")["clusters"][0]["registeredContainerInstancesCount"] == 1


def test_it_stays_the_same_one(one: EcsWorld) -> None:
    before = instance(one)
    put(one, stack="prod")
    one.tell("capacity", {"agents": []})
    one.crash()
    gone = instance(one)
    assert gone["agentConnected"] is False
    assert resources(gone["registeredResources"])["CPU"] == 4096
    one.settle(60)
    one.machine(2, 2000)
    after = instance(one)
    same = ("containerInstanceArn", "ec2InstanceId", "registeredAt")
    assert [before[k] for k in same] == [after[k] for k in same]
    assert {"name": "stack", "value": "prod"} in after["attributes"]
    assert resources(after["registeredResources"])["CPU"] == 2048


def test_a_lost_tasks_host_is_the_instance(one: EcsWorld) -> None:
    arn = one.run()
    one.settle()
    one.lose_agent()
    one.settle()
    host = instance(one)["ec2InstanceId"]
    assert one.task(arn)["stoppedReason"] == f"Host EC2 (instance {host}) terminated."


def test_nothing_is_placed_while_it_drains(one: EcsWorld) -> None:
    """A task of a capacity provider waits, one of the launch type is refused, Fargate goes on."""
    small = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}
    one.define("g", container("g"), requiresCompatibilities=["FARGATE"], **small)
    group = {"autoScalingGroupArn": "g"}
    one.ecs("CreateCapacityProvider", name="own", autoScalingGroupProvider=group)
    one.ecs("PutClusterCapacityProviders", cluster="default", capacityProviders=["own"],
            defaultCapacityProviderStrategy=[])  # fmt: skip
    running = one.run()
    one.settle()
    drain(one)
    with pytest.raises(ServiceError, match="No Container Instances were found in your cluster"):
        one.run()
    waits = one.run(capacityProviderStrategy=[{"capacityProvider": "own"}])
    fargate = one.run("g", launchType="FARGATE", networkConfiguration=NETWORK)
    one.settle()
    one.crash()
    one.settle(100)
    assert [one.task(t)["lastStatus"] for t in (running, waits, fargate)] == [
        "PENDING", "PROVISIONING", "PENDING",
    ]  # fmt: skip
    drain(one, "ACTIVE")
    one.settle()
    assert one.task(waits)["lastStatus"] == "PENDING"


def test_a_service_leaves_a_draining_instance_as_far_as_it_may(one: EcsWorld) -> None:
    half = {"minimumHealthyPercent": 50}
    for name, more in (("whole", {}), ("half", {"deploymentConfiguration": half})):
        one.ecs("CreateService", serviceName=name, taskDefinition="f", desiredCount=2, **more)
    all_begin(one)
    drain(one)
    one.settle(300)
    assert [one.service(n)["runningCount"] for n in ("whole", "half")] == [2, 1]
    told = [e["message"] for e in one.service("half")["events"]]
    assert sum("No Container Instances were found" in message for message in told) == 1
    one.ecs("UpdateService", service="whole", desiredCount=4)
    one.settle(60)
    assert one.service("whole")["pendingCount"] == 0
    drain(one, "ACTIVE")
    all_begin(one)
    assert [one.service(n)["runningCount"] for n in ("whole", "half")] == [4, 2]


def test_tasks_that_do_not_run_yet_are_stopped_when_it_drains(one: EcsWorld) -> None:
    one.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=2)
    one.settle()
    drain(one)
    one.settle(10)
    assert tasks_of(one) == []


def test_a_daemon_leaves_a_draining_instance(one: EcsWorld) -> None:
    """Its default lets all its tasks be stopped."""
    one.ecs("CreateService", serviceName="s", taskDefinition="f", schedulingStrategy="DAEMON")
    all_begin(one)
    assert one.service()["runningCount"] == 1
    drain(one)
    one.settle(10)
    assert tasks_of(one) == []
    drain(one, "ACTIVE")
    all_begin(one)
    assert one.service()["runningCount"] == 1


def test_attributes(one: EcsWorld) -> None:
    put(one, stack="prod", note="two words")
    arn = instance(one)["containerInstanceArn"]
    listed = one.ecs("ListAttributes", targetType="container-instance", attributeName="stack")
    assert listed["attributes"] == [
        {"name": "stack", "value": "prod", "targetId": arn, "targetType": "container-instance"}
    ]
    none = one.ecs("ListAttributes", targetType="container-instance", attributeName="stack",
                   attributeValue="test")  # fmt: skip
    assert none["attributes"] == []
    found, token = [], {}
    while True:
        page = one.ecs("ListAttributes", targetType="container-instance", maxResults=3, **token)
        found += [a["name"] for a in page["attributes"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert {"ecs.os-type", "note", "stack", "ecs.cpu-architecture"} < set(found)
    gone = [{"name": "stack", "targetId": arn, "targetType": "container-instance"}]
    one.ecs("DeleteAttributes", attributes=gone)
    assert "stack" not in {a["name"] for a in instance(one)["attributes"]}
    with pytest.raises(ServiceError, match="AttributeLimitExceededException"):
        put(one, **{f"a{n}": "x" for n in range(10)})
    for name in ("ecs.os-type", "a b", "x" * 129):
        with pytest.raises(ServiceError, match="Invalid attribute name"):
            put(one, **{name: "x"})
    with pytest.raises(ServiceError, match="Invalid value"):
        put(one, a=" x")
    with pytest.raises(ServiceError, match="TargetNotFoundException"):
        one.ecs("PutAttributes", attributes=[{"name": "a", "targetId": "0" * 32}])


def test_a_constraint_that_the_machine_does_not_meet(one: EcsWorld) -> None:
    want = [{"type": "memberOf", "expression": "attribute:stack == prod"}]
    answer = one.ecs("RunTask", taskDefinition="f", count=2, placementConstraints=want)
    reason = "MemberOf placement constraint unsatisfied."
    arn = instance(one)["containerInstanceArn"]
    assert answer["tasks"] == []
    assert answer["failures"] == [{"arn": arn, "reason": reason}] * 2
    one.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1,
            placementConstraints=want)  # fmt: skip
    one.settle(200)
    told = [e["message"] for e in one.service()["events"]]
    assert len(told) == 1 and reason in told[0] and arn.rpartition("/")[2] in told[0]
    put(one, stack="prod")
    all_begin(one)
    assert one.service()["runningCount"] == 1
    assert one.ecs("RunTask", taskDefinition="f", placementConstraints=want)["failures"] == []


def test_a_definitions_constraint(one: EcsWorld) -> None:
    want = [{"type": "memberOf", "expression": "attribute:stack == prod"}]
    one.define("g", placementConstraints=want)
    assert len(one.ecs("RunTask", taskDefinition="g")["failures"]) == 1
    put(one, stack="prod")
    assert one.ecs("RunTask", taskDefinition="g")["failures"] == []
    with pytest.raises(ServiceError, match="ClientException"):
        one.define("h", placementConstraints=[{"type": "memberOf"}])


def test_distinct_instances_are_one(one: EcsWorld) -> None:
    apart = [{"type": "distinctInstance"}]
    answer = one.ecs("RunTask", taskDefinition="f", count=3, placementConstraints=apart)
    assert (len(answer["tasks"]), len(answer["failures"])) == (1, 2)
    again = one.ecs("RunTask", taskDefinition="f", placementConstraints=apart)
    assert len(again["failures"]) == 1
    other = one.ecs("RunTask", taskDefinition="f", group="g", placementConstraints=apart)
    assert other["failures"] == []
    one.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=3,
            placementConstraints=apart)  # fmt: skip
    all_begin(one)
    assert one.service()["runningCount"] == 1
    one.ecs("StopTask", task=tasks_of(one)[0])
    all_begin(one, 200)
    assert one.service()["runningCount"] == 1


def test_keeping_away_from_another_group(one: EcsWorld) -> None:
    apart = [{"type": "memberOf", "expression": "not(task:group == database)"}]
    database = one.run(group="database")
    one.settle()
    one.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1,
            placementConstraints=apart)  # fmt: skip
    all_begin(one)
    assert one.service()["runningCount"] == 0
    one.ecs("StopTask", task=database)
    one.settle(60)
    all_begin(one)
    assert one.service()["runningCount"] == 1


def test_the_filter_of_a_list(one: EcsWorld) -> None:
    for expression, count in (
        ("attribute:ecs.os-type == linux", 1),
        ("attribute:ecs.os-type == windows", 0),
        ("runningTasksCount == 0 and agentConnected == true", 1),
        (f"ec2InstanceId == {instance(one)['ec2InstanceId']}", 1),
    ):
        found = one.ecs("ListContainerInstances", filter=expression)["containerInstanceArns"]
        assert len(found) == count, expression
    assert one.ecs("ListContainerInstances", status="DRAINING")["containerInstanceArns"] == []
    with pytest.raises(ServiceError, match="Invalid expression"):
        one.ecs("ListContainerInstances", filter="attribute:x is 3")


def test_start_task_goes_past_those_who_wait(one: EcsWorld) -> None:
    big = container("big", cpu=4096)
    one.define("big", big)
    one.run()
    one.run("big")  # waits for the whole machine
    one.settle()
    here = instance(one)["containerInstanceArn"]
    made = one.ecs("StartTask", taskDefinition="f", startedBy="me",
                   containerInstances=[here.rpartition("/")[2]])  # fmt: skip
    (task,) = made["tasks"]
    assert (task["lastStatus"], task["launchType"], task["startedBy"]) == ("PENDING", "EC2", "me")
    assert task["containerInstanceArn"] == here
    answer = one.ecs("StartTask", taskDefinition="big", containerInstances=[here, "0" * 32])
    assert answer["tasks"] == []
    assert [f["reason"] for f in answer["failures"]] == ["RESOURCE:CPU", "MISSING"]
    drain(one)
    answer = one.ecs("StartTask", taskDefinition="f", containerInstances=[here])
    assert [f["reason"] for f in answer["failures"]] == ["INACTIVE"]
    one.tell("capacity", {"agents": []})
    drain(one, "ACTIVE")
    answer = one.ecs("StartTask", taskDefinition="f", containerInstances=[here])
    assert [f["reason"] for f in answer["failures"]] == ["AGENT"]


def test_tags_of_an_instance(one: EcsWorld) -> None:
    arn, tag = instance(one)["containerInstanceArn"], [{"key": "k", "value": "v"}]
    one.ecs("TagResource", resourceArn=arn, tags=tag)
    assert instance(one)["tags"] == []
    assert instance(one, include=["TAGS"])["tags"] == tag


def test_what_is_refused(one: EcsWorld) -> None:
    arn = instance(one)["containerInstanceArn"]
    with pytest.raises(ServiceError, match="cannot be set to REGISTERING"):
        one.ecs("UpdateContainerInstancesState", containerInstances=[arn], status="REGISTERING")
    missing = one.ecs("UpdateContainerInstancesState", containerInstances=["0" * 32],
                      status="DRAINING")  # fmt: skip
    assert missing["failures"][0]["reason"] == "MISSING"
    with pytest.raises(ServiceError, match="ClusterNotFoundException"):
        one.ecs("ListContainerInstances", cluster="none")
    for constraint in ({"type": "memberOf"}, {"type": "distinctInstance", "expression": "x"}):
        with pytest.raises(ServiceError, match="InvalidParameterException"):
            one.run(placementConstraints=[constraint])
