"""Environments, queues, policies, consumables, definitions: kept, shown, validated, removed."""

from __future__ import annotations

from typing import Any

import pytest

from owari.errors import ServiceError
from tests.services.batch.support import BatchWorld


def refused(world: BatchWorld, operation: str, message: str, /, **p: Any) -> None:
    with pytest.raises(ServiceError, match=message) as refusal:
        world.batch(operation, **p)
    assert refusal.value.code == "ClientException"


# ---- compute environments
def test_an_environment_is_described(world: BatchWorld) -> None:
    (found,) = world.batch("DescribeComputeEnvironments", computeEnvironments=["ce"])[
        "computeEnvironments"
    ]
    assert found["status"] == "VALID"
    assert found["state"] == "ENABLED"
    assert found["computeResources"]["maxvCpus"] == 64
    assert found["computeResources"]["desiredvCpus"] == 0
    assert found["ecsClusterArn"].startswith(
        "arn:aws:ecs:us-east-1:000000000000:cluster/AWSBatch-ce"
    )
    world.compute.duration = lambda _spec: 100.0
    world.submit(arrayProperties={"size": 3})
    world.settle(1)
    (found,) = world.batch("DescribeComputeEnvironments")["computeEnvironments"]
    assert found["computeResources"]["desiredvCpus"] == 3


def test_max_vcpus_is_a_real_limit_and_can_be_raised(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 100.0
    world.environment("tiny", 2)
    world.queue("tinyq", "tiny")
    id = world.submit(queue="tinyq", arrayProperties={"size": 4})
    world.settle(1)
    assert world.summary(id) == {"STARTING": 2, "RUNNABLE": 2}
    assert "at their maxvCpus" in world.job(f"{id}:3")["statusReason"]
    world.batch(
        "UpdateComputeEnvironment", computeEnvironment="tiny", computeResources={"maxvCpus": 3}
    )
    world.settle(1)
    assert world.summary(id) == {"STARTING": 3, "RUNNABLE": 1}
    world.batch("UpdateComputeEnvironment", computeEnvironment="tiny", state="DISABLED")
    world.settle(150)
    assert world.summary(id) == {"SUCCEEDED": 3, "RUNNABLE": 1}
    assert "No compute environment" in world.job(f"{id}:3")["statusReason"]


def test_environments_are_validated_and_removed(world: BatchWorld) -> None:
    def create(message: str, **p: Any) -> None:
        given = {"computeEnvironmentName": "x", "type": "MANAGED"} | p
        refused(world, "CreateComputeEnvironment", message, **given)

    create("already exists", computeEnvironmentName="ce")
    create("valid pattern", computeEnvironmentName="no spaces")
    create("computeResources must be specified")
    create("desiredvCpus", computeResources={"type": "EC2", "maxvCpus": 4, "minvCpus": 8})
    create(
        "instanceTypes", computeResources={"type": "FARGATE", "maxvCpus": 4, "instanceTypes": ["m"]}
    )
    create("maxvCpus", computeResources={"type": "EC2", "maxvCpus": 0})
    refused(world, "DeleteComputeEnvironment", "must be DISABLED", computeEnvironment="ce")
    world.batch("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    refused(world, "DeleteComputeEnvironment", "JobQueue relationship", computeEnvironment="ce")
    world.batch("UpdateJobQueue", jobQueue="q", state="DISABLED")
    world.batch("DeleteJobQueue", jobQueue="q")
    world.batch("DeleteComputeEnvironment", computeEnvironment="ce")
    assert world.batch("DescribeComputeEnvironments")["computeEnvironments"] == []


def test_an_unmanaged_environment_has_no_limit(world: BatchWorld) -> None:
    world.batch("CreateComputeEnvironment", computeEnvironmentName="own", type="UNMANAGED")
    world.queue("ownq", "own")
    id = world.submit(queue="ownq")
    world.settle(1)
    assert world.status(id) == "SUCCEEDED"


# ---- queues
def test_a_queue_is_described_and_updated(world: BatchWorld) -> None:
    world.environment("ce2", 8)
    order = [{"order": 5, "computeEnvironment": "ce2"}, {"order": 2, "computeEnvironment": "ce"}]
    world.batch("UpdateJobQueue", jobQueue="q", priority=7, computeEnvironmentOrder=order)
    (found,) = world.batch("DescribeJobQueues", jobQueues=["q"])["jobQueues"]
    assert (found["priority"], found["state"], found["status"]) == (7, "ENABLED", "VALID")
    names = [e["computeEnvironment"].rpartition("/")[2] for e in found["computeEnvironmentOrder"]]
    assert names == ["ce", "ce2"]
    by_arn = world.batch("DescribeJobQueues", jobQueues=[found["jobQueueArn"]])["jobQueues"]
    assert by_arn == [found]


def test_queues_are_validated(world: BatchWorld) -> None:
    order = [{"order": 1, "computeEnvironment": "ce"}]

    def create(message: str, **p: Any) -> None:
        given = {"jobQueueName": "x", "priority": 1, "computeEnvironmentOrder": order} | p
        refused(world, "CreateJobQueue", message, **given)

    create("already exists", jobQueueName="q")
    create("between 0 and 1000", priority=1001)
    create("does not exist", computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "no"}])
    create("twice", computeEnvironmentOrder=order * 2)
    create("between 1 and 3", computeEnvironmentOrder=[])
    create("does not exist", schedulingPolicyArn="arn:aws:batch:us-east-1:0:scheduling-policy/no")
    action = {
        "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
        "state": "RUNNABLE",
        "action": "CANCEL",
    }
    create("maxTimeSeconds", jobStateTimeLimitActions=[action | {"maxTimeSeconds": 1}])
    refused(world, "DeleteJobQueue", "must be DISABLED", jobQueue="q")


def test_a_disabled_queue_takes_no_jobs_but_ends_those_it_has(world: BatchWorld) -> None:
    id = world.submit()
    world.batch("UpdateJobQueue", jobQueue="q", state="DISABLED")
    with pytest.raises(ServiceError, match="not in ENABLED state"):
        world.submit()
    world.settle(1)
    assert world.status(id) == "SUCCEEDED"


def test_deleting_a_queue_terminates_its_jobs(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 1000.0
    id = world.submit(arrayProperties={"size": 10})
    world.settle(1)
    world.batch("UpdateJobQueue", jobQueue="q", state="DISABLED")
    world.batch("DeleteJobQueue", jobQueue="q")
    world.settle(10)
    assert world.summary(id) == {"FAILED": 10}


def test_a_job_that_waits_too_long_is_cancelled(world: BatchWorld) -> None:
    reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
    action = {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
    world.batch("UpdateJobQueue", jobQueue="q", jobStateTimeLimitActions=[action])
    id = world.submit(containerOverrides={"memory": 100_000})
    assert world.job(id)["statusReason"].startswith(reason)  # said at once
    world.settle(500)
    assert world.status(id) == "RUNNABLE"
    world.settle(200)
    detail = world.job(id)
    assert detail["status"] == "FAILED"
    assert detail["statusReason"] == f"Canceled by JobStateTimeLimit action due to reason: {reason}"


def test_a_time_limit_holds_for_jobs_that_wait_already(world: BatchWorld) -> None:
    """Counted from when they began to wait; the queue as it is when the time is up decides."""
    reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
    action = {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 3600, "action": "CANCEL"}
    stuck = world.submit(containerOverrides={"memory": 100_000})
    world.settle(3000)
    world.batch("UpdateJobQueue", jobQueue="q", jobStateTimeLimitActions=[action])
    world.batch("UpdateJobQueue", jobQueue="q", jobStateTimeLimitActions=[])
    world.settle(1000)
    assert world.status(stuck) == "RUNNABLE"
    shorter = action | {"maxTimeSeconds": 600}
    world.batch("UpdateJobQueue", jobQueue="q", jobStateTimeLimitActions=[action])
    world.batch("UpdateJobQueue", jobQueue="q", jobStateTimeLimitActions=[shorter])
    world.settle(1)
    detail = world.job(stuck)
    assert (detail["status"], detail["isCancelled"]) == ("FAILED", True)
    assert detail["statusReason"].startswith("Canceled by JobStateTimeLimit action")
    assert not world.effects()


def test_a_time_limit_follows_the_reason(world: BatchWorld) -> None:
    """What waits for another reason than the one with the limit is left alone, and the other way
    round."""
    reasons = ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
               "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY")  # fmt: skip
    world.environment("small", 2)
    limits = [
        {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": s, "action": "CANCEL"}
        for reason, s in zip(reasons, (5000, 600), strict=True)
    ]
    world.queue("narrow", "small", jobStateTimeLimitActions=limits)
    world.compute.duration = lambda _spec: 10_000.0
    world.submit(containerOverrides={"vcpus": 4})  # the whole machine is busy
    world.settle(1)
    id = world.submit(queue="narrow", containerOverrides={"vcpus": 3})
    world.settle(1000)
    assert "COMPUTE_ENVIRONMENT_MAX_RESOURCE" in world.job(id)["statusReason"]
    world.batch(
        "UpdateComputeEnvironment", computeEnvironment="small", computeResources={"maxvCpus": 4}
    )
    world.settle(590)
    assert world.job(id)["statusReason"].startswith(reasons[1])
    world.settle(20)
    assert world.status(id) == "FAILED"


def test_clamping_is_said_before_and_while_it_runs(world: BatchWorld) -> None:
    world.compute.duration = lambda _spec: 10.0
    id = world.submit(containerOverrides={"vcpus": 16})
    said = "it runs alone, with all of them"
    assert said in world.job(id)["statusReason"]
    world.settle(1)
    assert (world.status(id), said in world.job(id)["statusReason"]) == ("STARTING", True)
    assert world.compute.started[0]["vcpus"] == 4.0


# ---- fair share
def test_fair_share_queues(world: BatchWorld) -> None:
    policy = {"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 1.0}]}
    arn = world.batch("CreateSchedulingPolicy", name="fair", fairsharePolicy=policy)["arn"]
    world.queue("fq", "ce", schedulingPolicyArn=arn)
    with pytest.raises(ServiceError, match="must be specified"):
        world.submit(queue="fq")
    with pytest.raises(ServiceError, match="FIFO"):
        world.submit(shareIdentifier="a")
    world.compute.duration = lambda _spec: 10.0
    a = world.submit(queue="fq", shareIdentifier="a", arrayProperties={"size": 50})
    b = world.submit(queue="fq", shareIdentifier="b", arrayProperties={"size": 50})
    world.settle(1)
    assert world.summary(a)["STARTING"] == world.summary(b)["STARTING"] == 2
    shot = world.batch("GetJobQueueSnapshot", jobQueue="fq")
    assert [j["jobArn"].rpartition("/")[2] for j in shot["frontOfQueue"]["jobs"]] == [a, b]
    used = shot["queueUtilization"]
    assert used["totalCapacityUsage"] == [{"capacityUnit": "VCPU", "quantity": 4.0}]
    assert used["fairshareUtilization"]["activeShareCount"] == 2
    assert world.batch("ListSchedulingPolicies")["schedulingPolicies"] == [{"arn": arn}]
    refused(world, "DeleteSchedulingPolicy", "JobQueue relationship", arn=arn)
    update = {"shareDecaySeconds": 3600, "shareDistribution": []}
    world.batch("UpdateSchedulingPolicy", arn=arn, fairsharePolicy=update)
    (found,) = world.batch("DescribeSchedulingPolicies", arns=[arn])["schedulingPolicies"]
    assert found["fairsharePolicy"]["shareDecaySeconds"] == 3600
    world.settle(500)
    assert world.summary(a) == world.summary(b) == {"SUCCEEDED": 50}


def test_policies_are_validated(world: BatchWorld) -> None:
    for policy, message in (
        ({"shareDecaySeconds": 604_801}, "shareDecaySeconds"),
        ({"computeReservation": 100}, "computeReservation"),
        ({"shareDistribution": [{"shareIdentifier": "a-b"}]}, "not valid"),
        ({"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 0.0}]}, "weightFactor"),
    ):
        refused(world, "CreateSchedulingPolicy", message, name="p", fairsharePolicy=policy)


# ---- consumables
def test_consumable_resources(world: BatchWorld) -> None:
    world.batch("CreateConsumableResource", consumableResourceName="lic", totalQuantity=2)
    world.define(
        "licensed",
        consumableResourceProperties={
            "consumableResourceList": [{"consumableResource": "lic", "quantity": 1}]
        },
    )
    world.compute.duration = lambda _spec: 10.0
    id = world.submit(definition="licensed", arrayProperties={"size": 4})
    world.settle(1)
    assert world.summary(id) == {"STARTING": 2, "RUNNABLE": 2}
    assert "consumable resource lic: 1 needed, 0 available" in world.job(f"{id}:2")["statusReason"]
    found = world.batch("DescribeConsumableResource", consumableResource="lic")
    assert (found["totalQuantity"], found["inUseQuantity"], found["availableQuantity"]) == (2, 2, 0)
    listed = world.batch("ListJobsByConsumableResource", consumableResource="lic")["jobs"]
    assert [(j["jobName"], j["quantity"]) for j in listed] == [("j", 1)]
    world.batch("UpdateConsumableResource", consumableResource="lic", operation="ADD", quantity=2)
    world.settle(1)
    assert world.summary(id) == {"STARTING": 4}
    world.settle(20)
    found = world.batch("DescribeConsumableResource", consumableResource="lic")
    assert found["inUseQuantity"] == 0


def test_tokens_are_used_up(world: BatchWorld) -> None:
    world.batch(
        "CreateConsumableResource",
        consumableResourceName="token",
        totalQuantity=3,
        resourceType="NON_REPLENISHABLE",
    )
    wanted = {"consumableResourceList": [{"consumableResource": "token", "quantity": 2}]}
    ids = [world.submit(consumableResourcePropertiesOverride=wanted) for _ in range(2)]
    world.settle(5)
    assert [world.status(id) for id in ids] == ["SUCCEEDED", "RUNNABLE"]
    (listed,) = world.batch("ListConsumableResources")["consumableResources"]
    assert listed["totalQuantity"] == 1
    refused(
        world, "UpdateConsumableResource", "negative",
        consumableResource="token", operation="REMOVE", quantity=9,
    )  # fmt: skip


# ---- definitions
def test_revisions(world: BatchWorld) -> None:
    second = world.define("d", tags={"team": "x"})
    assert second.endswith("job-definition/d:2")
    found = world.batch("DescribeJobDefinitions", jobDefinitionName="d")["jobDefinitions"]
    assert [(d["revision"], d["status"]) for d in found] == [(2, "ACTIVE"), (1, "ACTIVE")]
    assert found[0]["tags"] == {"team": "x"}
    assert world.job(world.submit())["jobDefinition"] == second
    assert world.job(world.submit(definition="d:1"))["jobDefinition"].endswith(":1")
    world.batch("DeregisterJobDefinition", jobDefinition=second)
    assert world.job(world.submit())["jobDefinition"].endswith(":1")
    with pytest.raises(ServiceError, match="does not exist or is not in ACTIVE status"):
        world.submit(definition="d:2")
    assert world.define("d").endswith(":3")
    active = world.batch("DescribeJobDefinitions", jobDefinitionName="d", status="ACTIVE")
    assert [d["revision"] for d in active["jobDefinitions"]] == [3, 1]


def test_pages(world: BatchWorld) -> None:
    for n in range(5):
        world.define(f"e{n}")
    seen, token = [], ""
    while True:
        page = world.batch("DescribeJobDefinitions", maxResults=2, nextToken=token)
        seen += [d["jobDefinitionName"] for d in page["jobDefinitions"]]
        token = page.get("nextToken", "")
        if not token:
            break
    assert seen == ["d", "e0", "e1", "e2", "e3", "e4"]
    refused(world, "DescribeJobDefinitions", "nextToken", nextToken="nonsense")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": ""}, "image should not be empty"),
        ({"memory": 1}, "MEMORY value '1'"),
        ({"resourceRequirements": [{"type": "VCPU", "value": "many"}]}, "VCPU value 'many'"),
        ({"resourceRequirements": [{"type": "VCPU", "value": "0.5"}]}, "whole number"),
        ({"mountPoints": [{"sourceVolume": "v", "containerPath": "/x"}]}, "Unknown volume"),
        ({"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": ".."}}]}, "fs-1234"),
        ({"volumes": [{"name": "v", "s3filesVolumeConfiguration": {"fileSystemArn": "a"}}]}, "s3f"),
        ({"environment": [{"name": "AWS_BATCH_JOB_ID", "value": "1"}]}, "AWS_BATCH"),
    ],
)
def test_containers_are_validated(world: BatchWorld, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        world.define("x", container=changes)


@pytest.mark.parametrize(
    ("vcpu", "memory", "ok"),
    [
        ("0.25", "512", True), ("0.25", "2048", True), ("0.25", "4096", False),
        ("1", "2048", True), ("1", "2500", False), ("4", "30720", True), ("4", "32768", False),
        ("8", "20480", True), ("8", "17408", False), ("3", "8192", False), ("16", "122880", True),
    ],
)  # fmt: skip
def test_fargate_combinations(world: BatchWorld, vcpu: str, memory: str, ok: bool) -> None:
    requirements = [{"type": "VCPU", "value": vcpu}, {"type": "MEMORY", "value": memory}]
    container = {
        "image": "busybox",
        "resourceRequirements": requirements,
        "executionRoleArn": "arn:aws:iam::000000000000:role/r",
    }
    given = {
        "jobDefinitionName": "f",
        "type": "container",
        "platformCapabilities": ["FARGATE"],
        "containerProperties": container,
    }
    if ok:
        assert world.batch("RegisterJobDefinition", **given)["revision"] == 1
    else:
        refused(world, "RegisterJobDefinition", "Fargate resource requirements", **given)


def test_what_fargate_jobs_may_say(world: BatchWorld) -> None:
    role = "arn:aws:iam::000000000000:role/r"

    def needs(vcpu: str, memory: str) -> list[dict[str, str]]:
        return [{"type": "VCPU", "value": vcpu}, {"type": "MEMORY", "value": memory}]

    good = {
        "image": "busybox",
        "executionRoleArn": role,
        "resourceRequirements": needs("1", "2048"),
    }

    def refuse(message: str, **properties: Any) -> None:
        refused(
            world, "RegisterJobDefinition", message, jobDefinitionName="f", type="container",
            platformCapabilities=["FARGATE"], **properties,
        )  # fmt: skip

    refuse("vcpus can't be specified", containerProperties=good | {"vcpus": 1})
    refuse("Privileged", containerProperties=good | {"privileged": True})
    refuse("executionRoleArn", containerProperties=good | {"executionRoleArn": ""})
    half = {"image": "busybox", "resourceRequirements": needs("0.25", "512")}
    task = {"executionRoleArn": role, "containers": [half | {"name": n} for n in "ab"]}
    alone = task | {
        "containers": [half | {"name": "a", "resourceRequirements": needs("0.5", "512")}]
    }
    refuse("MEMORY 512 is not valid for VCPU 0.5", ecsProperties={"taskProperties": [alone]})
    world.batch(
        "RegisterJobDefinition", jobDefinitionName="f", type="container",
        platformCapabilities=["FARGATE"], ecsProperties={"taskProperties": [task]},
    )  # fmt: skip


def test_a_definition_must_fit_the_platform_of_the_queue(world: BatchWorld) -> None:
    resources = {"type": "FARGATE", "maxvCpus": 2, "subnets": ["s"], "securityGroupIds": ["g"]}
    world.batch(
        "CreateComputeEnvironment", computeEnvironmentName="fg", type="MANAGED",
        computeResources=resources,
    )  # fmt: skip
    world.queue("fargate", "fg")
    world.batch(
        "RegisterJobDefinition", jobDefinitionName="f", type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": "busybox", "executionRoleArn": "arn:aws:iam::000000000000:role/r",
            "resourceRequirements": [
                {"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"},
            ],
        },
    )  # fmt: skip
    id = world.submit(queue="fargate", definition="f")
    world.settle(1)
    assert world.status(id) == "SUCCEEDED"
    with pytest.raises(ServiceError, match="do not include FARGATE"):
        world.submit(queue="fargate")
    with pytest.raises(ServiceError, match="do not include EC2"):
        world.submit(definition="f")


def retry(*conditions: dict[str, str]) -> dict[str, Any]:
    return {"retryStrategy": {"attempts": 2, "evaluateOnExit": list(conditions)}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
        (retry({"action": "RETRY"}), "at least one"),
        (retry(*[{"onExitCode": "1", "action": "EXIT"}] * 6), "at most 5"),
        (retry({"onExitCode": "*1", "action": "EXIT"}), "not a valid pattern"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "at least 60"),
    ],
)
def test_settings_are_validated_at_both_ends(
    world: BatchWorld, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ServiceError, match=message):
        world.define("x", **settings)
    with pytest.raises(ServiceError, match=message):
        world.submit(**settings)


def test_submissions_are_validated(world: BatchWorld) -> None:
    refused(
        world, "SubmitJob", "JobQueue no not found", jobName="j", jobQueue="no", jobDefinition="d"
    )
    refused(
        world, "SubmitJob", "JobDefinition name no does not exist or is not in ACTIVE status",
        jobName="j", jobQueue="q", jobDefinition="no",
    )  # fmt: skip
    refused(world, "SubmitJob", "valid pattern", jobName="a b", jobQueue="q", jobDefinition="d")
    refused(
        world, "SubmitJob", "not supported pattern", jobName="j", jobQueue="q", jobDefinition="d:x"
    )
    refused(
        world, "SubmitJob", "can't be specified for container",
        jobName="j", jobQueue="q", jobDefinition="d", nodeOverrides={"numNodes": 2},
    )  # fmt: skip


def test_an_environment_variable_has_a_name(world: BatchWorld) -> None:
    """One without would keep every job of the machine from being placed."""
    nameless = [{"value": "x"}]
    refused(
        world, "RegisterJobDefinition", "name should not be empty", jobDefinitionName="n",
        type="container", containerProperties={"image": "i", "vcpus": 1, "memory": 64,
                                               "environment": nameless},
    )  # fmt: skip
    world.define("d")
    refused(
        world, "SubmitJob", "name should not be empty", jobName="j", jobQueue="q",
        jobDefinition="d", containerOverrides={"environment": nameless},
    )  # fmt: skip


# ---- tags, accounts, lists
def test_tags(world: BatchWorld) -> None:
    arn = world.define("t", tags={"a": "1"}, propagateTags=True)
    id = world.submit(definition="t", tags={"b": "2"})
    detail = world.job(id)
    assert detail["tags"] == {"a": "1", "b": "2"}
    for one in (arn, detail["jobArn"], detail["jobQueue"]):
        world.batch("TagResource", resourceArn=one, tags={"c": "3"})
        world.batch("UntagResource", resourceArn=one, tagKeys=["b"])
        assert world.batch("ListTagsForResource", resourceArn=one)["tags"]["c"] == "3"
    assert world.job(id)["tags"] == {"a": "1", "c": "3"}
    nowhere = arn.replace("t:1", "t:9")
    refused(world, "TagResource", "does not exist", resourceArn=nowhere, tags={"a": "b"})
    refused(
        world, "TagResource", "at most 50", resourceArn=arn, tags={str(n): "" for n in range(51)}
    )


def test_accounts_and_regions_do_not_see_one_another(world: BatchWorld) -> None:
    id = world.submit()
    other = {"account": "111111111111"}
    assert world.call("batch", "DescribeJobs", jobs=[id], **other)["jobs"] == []
    assert world.call("batch", "DescribeJobQueues", **other)["jobQueues"] == []
    assert world.call("batch", "DescribeJobs", jobs=[id], region="eu-west-1")["jobs"] == []


def test_jobs_are_listed(world: BatchWorld) -> None:
    ids = [world.submit(name=f"job-{n}") for n in range(5)]
    world.settle(5)
    waiting = world.submit(name="other", containerOverrides={"memory": 100_000})

    def listed(**p: Any) -> list[str]:
        return [s["jobId"] for s in world.batch("ListJobs", jobQueue="q", **p)["jobSummaryList"]]

    assert listed() == []
    assert listed(jobStatus="SUCCEEDED") == ids
    assert listed(jobStatus="RUNNABLE") == [waiting]
    assert listed(filters=[{"name": "JOB_NAME", "values": ["JOB-*"]}]) == ids[::-1]
    assert listed(filters=[{"name": "JOB_DEFINITION", "values": ["d"]}]) == [waiting, *ids[::-1]]
    assert listed(filters=[{"name": "JOB_DEFINITION", "values": ["d:2"]}]) == []
    now = str(round(world.clock.now() * 1000))
    assert listed(filters=[{"name": "BEFORE_CREATED_AT", "values": [now]}]) == ids[::-1]
    first = world.batch("ListJobs", jobQueue="q", jobStatus="SUCCEEDED", maxResults=3)
    assert [s["jobId"] for s in first["jobSummaryList"]] == ids[:3]
    assert listed(jobStatus="SUCCEEDED", nextToken=first["nextToken"]) == ids[3:]
    assert first["jobSummaryList"][0]["container"] == {"exitCode": 0}
    refused(world, "ListJobs", "Exactly one")
    refused(
        world, "ListJobs", "Filter name", jobQueue="q", filters=[{"name": "X", "values": ["1"]}]
    )
    late = {"name": "BEFORE_CREATED_AT", "values": ["9" * 30]}
    assert listed(filters=[late]) == [waiting, *ids[::-1]]
    late["values"] = ["9" * 400]
    refused(world, "ListJobs", "is not a time", jobQueue="q", filters=[late])
