"""What Lambda, Step Functions, ECS and Batch keep: made, used, deleted while it runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.errors import ServiceError
from tests.leftovers.watched import DAY, ROLE, Watched, arn
from tests.services.ecs.support import container
from tests.services.lambda_.durable.fake_sdk import FakeContext, durable
from tests.services.lambda_.mappings import Line
from tests.services.lambda_.support import create, package
from tests.services.stepfunctions.service.driving import PASS, machine, start, states, task

HOUR = 3600.0


# ---- Lambda
def lambda_(world: Watched) -> None:
    """A function is deleted with all that hangs on it, and with events waiting for it."""

    def call(operation: str, **params: Any) -> dict[str, Any]:
        return world.call("lambda", operation, **params)

    _mapped(world)
    _durable(world)
    content = {"ZipFile": package({"python/tools.py": "x"})}
    layer = call("PublishLayerVersion", LayerName="l", Content=content)["LayerVersionArn"]
    of_layer = {"LayerName": "l", "VersionNumber": 1}
    call("AddLayerVersionPermission", **of_layer, StatementId="s", Principal="*",
         Action="lambda:GetLayerVersion")  # fmt: skip
    create(world, "f", Publish=True, Layers=[layer], Tags={"k": "v"})
    call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    for qualifier in ("live", "1"):
        named = {"FunctionName": "f", "Qualifier": qualifier}
        call("AddPermission", **named, StatementId="s", Action="lambda:InvokeFunction",
             Principal="s3.amazonaws.com")  # fmt: skip
        call("PutFunctionEventInvokeConfig", **named, MaximumRetryAttempts=1)
    call("CreateFunctionUrlConfig", FunctionName="f", Qualifier="live", AuthType="NONE")
    call("PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live",
         ProvisionedConcurrentExecutions=1)  # fmt: skip
    call("PutRuntimeManagementConfig", FunctionName="f", UpdateRuntimeOn="FunctionUpdate")
    publishers = {"SigningProfileVersionArns": [arn("signer", "/signing-profiles/p/v")]}
    signing = call("CreateCodeSigningConfig", AllowedPublishers=publishers)["CodeSigningConfig"]
    signed = {"CodeSigningConfigArn": signing["CodeSigningConfigArn"]}
    call("PutFunctionCodeSigningConfig", FunctionName="f", **signed)
    call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    call("Invoke", FunctionName="f", InvocationType="Event", Payload=b"{}")
    world.settle()
    call("DeleteFunction", FunctionName="f")
    call("DeleteCodeSigningConfig", **signed)
    call("DeleteLayerVersion", **of_layer)


def _mapped(world: Watched) -> None:
    """A mapping is deleted with a batch that gathers, the next one's queue before it."""
    line = Line(world, BatchSize=100, MaximumBatchingWindowInSeconds=300)
    line.send("a", "b")
    world.settle()
    world.call("lambda", "DeleteEventSourceMapping", UUID=line.uuid)
    world.call("sqs", "DeleteQueue", QueueUrl=line.url)
    other = Line(world, "other", "g")
    other.send("a")
    world.call("sqs", "DeleteQueue", QueueUrl=other.url)
    world.settle()
    world.call("lambda", "DeleteEventSourceMapping", UUID=other.uuid)
    world.call("lambda", "DeleteFunction", FunctionName="f")
    world.call("lambda", "DeleteFunction", FunctionName="g")


def _durable(world: Watched) -> None:
    """One execution ends, one waits for a callback when its function is deleted."""

    def program(context: FakeContext) -> Any:
        return "done" if context.input == "quick" else context.callback("1")

    create(world, "d", DurableConfig={"ExecutionTimeout": 7200, "RetentionPeriodInDays": 1})
    world.compute.handlers["d"] = durable(world, program)
    for event in ("quick", "slow"):
        payload = json.dumps(event).encode()
        world.call("lambda", "Invoke", FunctionName="d:$LATEST", InvocationType="Event",
                   Payload=payload)  # fmt: skip
    world.settle(60)
    world.call("lambda", "DeleteFunction", FunctionName="d")


# ---- Step Functions
def stepfunctions(world: Watched) -> None:
    """Machines are deleted with executions that run, wait, failed, and that others wait for."""

    def call(operation: str, **params: Any) -> dict[str, Any]:
        return world.call("stepfunctions", operation, **params)

    activity = call("CreateActivity", name="a", tags=[{"key": "k", "value": "v"}])["activityArn"]
    tags = [{"key": "k", "value": "v"}]
    inner = machine(world, states(("T", task(activity))), "inner", tags=tags)
    nested = task("arn:aws:states:::states:startExecution.sync",
                  Parameters={"StateMachineArn": inner})  # fmt: skip
    lost = task("arn:aws:states:::ecs:runTask.sync", Parameters={"TaskDefinition": "t"})
    made = {
        name: machine(world, states(("T", state)), name)
        for name, state in {
            "outer": nested,
            "waits": {"Type": "Wait", "Seconds": int(300 * DAY)},
            "fails": {"Type": "Fail", "Error": "E"},
            "maps": _distributed(10),
            "maps-on": _distributed(3, {"Type": "Wait", "Seconds": int(300 * DAY)}),
            "watches": lost,
        }.items()
    } | {"inner": inner}
    _cluster(world)
    for name, arn_ in made.items():
        start(world, arn_, list(range(20)) if "maps" in name else None)
    world.settle(10)
    express = machine(world, PASS, "express", type="EXPRESS")
    waits = machine(world, states(("W", {"Type": "Wait", "Seconds": 9})), "e", type="EXPRESS")
    for arn_ in (express, waits):
        call("StartSyncExecution", stateMachineArn=arn_)
    world.abandon("stepfunctions", "StartSyncExecution", stateMachineArn=waits)
    _versions(world, made["waits"])
    call("DeleteActivity", activityArn=activity)
    world.abandon("stepfunctions", "TestState", definition=json.dumps(_asked()), roleArn=ROLE)
    assert world.tables()["sfn_sync"], "nobody came for what was found"
    world.settle()
    for arn_ in (*made.values(), express, waits):
        call("DeleteStateMachine", stateMachineArn=arn_)
    world.settle(60)
    _no_cluster(world)


def _asked() -> dict[str, Any]:
    """A task that is called, by TestState."""
    return task("arn:aws:states:::aws-sdk:sqs:listQueues") | {"Parameters": {}, "End": True}


def _distributed(concurrency: int, state: dict[str, Any] | None = None) -> dict[str, Any]:
    mode = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    each = states(("P", state or {"Type": "Pass"}))
    return {"Type": "Map", "MaxConcurrency": concurrency, "ItemProcessor": each | mode}


def _versions(world: Watched, arn_: str) -> None:
    """Three definitions, two of them published, one behind an alias."""
    for n in range(2):
        definition = json.dumps(PASS | {"Comment": str(n)})
        made = world.call("stepfunctions", "UpdateStateMachine", stateMachineArn=arn_,
                          definition=definition, publish=True)  # fmt: skip
    route = {"stateMachineVersionArn": made["stateMachineVersionArn"], "weight": 100}
    world.call("stepfunctions", "CreateStateMachineAlias", name="live",
               routingConfiguration=[route])  # fmt: skip
    world.call("stepfunctions", "DeleteStateMachineVersion", stateMachineVersionArn=f"{arn_}:1")


# ---- ECS
def _cluster(world: Watched) -> None:
    world.compute.duration = lambda spec: 300 * DAY if spec.get("kind") == "process" else 0.01
    world.machine("ecs")
    world.call("ecs", "CreateCluster", tags=[{"key": "k", "value": "v"}])
    for family in ("t", "t", "s"):
        world.call("ecs", "RegisterTaskDefinition", family=family,
                   containerDefinitions=[container("app")])  # fmt: skip


def _no_cluster(world: Watched) -> None:
    for task_arn in world.call("ecs", "ListTasks")["taskArns"]:
        world.call("ecs", "StopTask", task=task_arn)
    world.settle(60)
    world.call("ecs", "DeleteCluster", cluster="default")
    for status in ("ACTIVE", "INACTIVE"):
        found = world.call("ecs", "ListTaskDefinitions", status=status)["taskDefinitionArns"]
        for name in found if status == "ACTIVE" else ():
            world.call("ecs", "DeregisterTaskDefinition", taskDefinition=name)
    world.call("ecs", "DeleteTaskDefinitions", taskDefinitions=found)


def ecs(world: Watched) -> None:
    """Definitions are deleted that tasks and a service still have; both end later."""
    _cluster(world)
    tags = [{"key": "k", "value": "v"}]
    world.call("ecs", "CreateCapacityProvider", name="p", tags=tags,
               autoScalingGroupProvider={"autoScalingGroupArn": "group"})  # fmt: skip
    (here,) = world.call("ecs", "ListContainerInstances")["containerInstanceArns"]
    world.call("ecs", "TagResource", resourceArn=here, tags=tags)
    world.call("ecs", "PutAttributes", attributes=[{"name": "k", "targetId": here}])
    world.call("ecs", "PutAccountSetting", name="containerInsights", value="enabled")
    world.call("ecs", "CreateService", serviceName="s", taskDefinition="s:1", desiredCount=2,
               tags=tags, propagateTags="SERVICE")  # fmt: skip
    world.call("ecs", "RunTask", taskDefinition="t:1", clientToken="once", tags=tags)
    world.call("ecs", "CreateService", serviceName="x", desiredCount=1, tags=tags,
               deploymentController={"type": "EXTERNAL"})  # fmt: skip
    world.call("ecs", "CreateTaskSet", cluster="default", service="x", taskDefinition="s:1",
               tags=tags)  # fmt: skip
    wait = task("arn:aws:states:::ecs:runTask.sync", Parameters={"TaskDefinition": "t:2"})
    waiting = machine(world, states(("T", wait)))
    start(world, waiting)
    world.settle(10)
    for name in ("s:1", "t:1"):
        world.call("ecs", "DeregisterTaskDefinition", taskDefinition=name)
        world.call("ecs", "DeleteTaskDefinitions", taskDefinitions=[name])
    world.advance(3 * HOUR)
    world.lose()
    world.advance(60)
    (service,) = world.call("ecs", "DescribeServices", services=["s"])["services"]
    assert service["runningCount"] + service["pendingCount"] == 2, "its definition is still there"
    assert _status(world, "s:1") == "DELETE_IN_PROGRESS"
    world.advance(2 * HOUR)
    with pytest.raises(ServiceError, match="Unable to describe task definition"):
        _status(world, "t:1")  # its task was lost
    for name in ("s", "x"):
        world.call("ecs", "DeleteService", service=name, force=True)
    world.call("stepfunctions", "DeleteStateMachine", stateMachineArn=waiting)
    world.call("ecs", "DeleteAccountSetting", name="containerInsights")
    world.call("ecs", "DeleteCapacityProvider", capacityProvider="p")
    world.settle(60)
    _no_cluster(world)
    made = world.call("ecs", "RegisterTaskDefinition", family="t",
                      containerDefinitions=[container("app")])  # fmt: skip
    assert made["taskDefinition"]["revision"] == 3
    world.advance(2 * HOUR)
    world.call("ecs", "DeregisterTaskDefinition", taskDefinition="t:3")
    world.call("ecs", "DeleteTaskDefinitions", taskDefinitions=["t:3"])


def _status(world: Watched, name: str) -> str:
    shown = world.call("ecs", "DescribeTaskDefinition", taskDefinition=name)
    return str(shown["taskDefinition"]["status"])


# ---- Batch
def batch(world: Watched) -> None:
    """Two queues, a job of each kind: one waits for another, some fail, one is waited for."""

    def call(operation: str, **params: Any) -> dict[str, Any]:
        return world.call("batch", operation, **params)

    _place(world)
    world.compute.process = lambda spec: (int(":1" in spec["variables"]["AWS_BATCH_JOB_ID"]), "")
    named = {"jobName": "j", "jobDefinition": "d"}
    array = call("SubmitJob", **named, jobQueue="q", arrayProperties={"size": 200},
                 tags={"k": "v"})["jobId"]  # fmt: skip
    licence = {"consumableResourceList": [{"consumableResource": "lic", "quantity": 1}]}
    call("SubmitJob", **named, jobQueue="q", dependsOn=[{"jobId": array}])
    call("SubmitJob", **named, jobQueue="fair", shareIdentifier="a", arrayProperties={"size": 20},
         consumableResourcePropertiesOverride=licence)  # fmt: skip
    wait = task("arn:aws:states:::batch:submitJob.sync",
                Parameters={"JobName": "j", "JobQueue": "q", "JobDefinition": "d"})  # fmt: skip
    waiting = machine(world, states(("T", wait)))
    start(world, waiting)
    world.advance(600)
    for queue in ("q", "fair"):
        call("UpdateJobQueue", jobQueue=queue, state="DISABLED")
        call("DeleteJobQueue", jobQueue=queue)
    call("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    call("DeleteComputeEnvironment", computeEnvironment="ce")
    call("DeleteConsumableResource", consumableResource="lic")
    call("DeleteSchedulingPolicy", arn=arn("batch", "scheduling-policy/p"))
    call("DeregisterJobDefinition", jobDefinition="d:1")
    world.call("stepfunctions", "DeleteStateMachine", stateMachineArn=waiting)


def _place(world: Watched) -> None:
    """Queues `q` and, with shares, `fair`; an environment larger than the machine; the definition
    `d`."""
    world.machine("batch")
    world.call("batch", "CreateConsumableResource", consumableResourceName="lic", totalQuantity=20)
    shares = {"shareDistribution": [{"shareIdentifier": "a"}], "shareDecaySeconds": 600}
    world.call("batch", "CreateSchedulingPolicy", name="p", fairsharePolicy=shares)
    resources = {"type": "FARGATE", "maxvCpus": 64, "subnets": ["s"], "securityGroupIds": ["g"]}
    world.call("batch", "CreateComputeEnvironment", computeEnvironmentName="ce", type="MANAGED",
               computeResources=resources)  # fmt: skip
    policy = {"schedulingPolicyArn": arn("batch", "scheduling-policy/p")}
    for queue, more in (("q", {}), ("fair", policy)):
        world.call("batch", "CreateJobQueue", jobQueueName=queue, priority=1, **more,
                   computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "ce"}])  # fmt: skip
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    world.call("batch", "RegisterJobDefinition", jobDefinitionName="d", type="container",
               platformCapabilities=["FARGATE"],
               containerProperties={"image": "busybox", "resourceRequirements": needs,
                                    "executionRoleArn": ROLE})  # fmt: skip
