"""GetOverview over the real services in simulated time: what is under way, what needs attention."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.batch.support import BatchWorld
from tests.services.ecs.support import EcsWorld, container
from tests.services.lambda_.mappings import Line
from tests.services.stepfunctions.service.driving import machine, start, states, task
from tests.support.world import ACCOUNT, REGION, World

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
Json = dict[str, Any]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def overview(world: World) -> Json:
    return world.call("owari", "GetOverview")


def told(world: World, kind: str) -> list[tuple[str, str, str, bool]]:
    found = overview(world)["Notices"]
    return [(n["Name"], n["State"], n["Reason"], n["Alarming"]) for n in found if n["Kind"] == kind]


def under_way(world: World) -> dict[str, tuple[int, int]]:
    return {w["Kind"]: (w["Running"], w["Waiting"]) for w in overview(world)["Work"]}


def test_nothing_at_all(world: World) -> None:
    assert overview(world)["Notices"] == []
    assert set(under_way(world).values()) == {(0, 0)}


def test_a_mapping_whose_queue_is_gone(world: World) -> None:
    line = Line(world, "work", "f")
    assert told(world, "event source mapping") == []
    world.call("sqs", "DeleteQueue", QueueUrl=line.url)
    world.advance(120)
    [(name, state, why, alarming)] = told(world, "event source mapping")
    assert (name, state, alarming) == ("work → f", "Enabled", True)
    assert why == line.get()["LastProcessingResult"]


def test_dead_letters(world: World) -> None:
    dead = world.call("sqs", "CreateQueue", QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": 1}
    attributes = {"RedrivePolicy": json.dumps(policy)}
    world.call("sqs", "CreateQueue", QueueName="work", Attributes=attributes)
    assert told(world, "dead-letter queue") == []
    world.call("sqs", "SendMessage", QueueUrl=dead, MessageBody="x")
    assert told(world, "dead-letter queue") == [("dead", "", "holds 1 messages", True)]


def test_an_activity_without_a_worker(world: World) -> None:
    activity = world.call("stepfunctions", "CreateActivity", name="approve")["activityArn"]
    start(world, machine(world, states(("A", task(activity)))))
    waits = [("approve", "SCHEDULED", "1 tasks wait for a worker", False)]
    assert told(world, "activity") == waits
    assert under_way(world)["executions"] == (1, 0)
    world.call("stepfunctions", "GetActivityTask", activityArn=activity)
    assert told(world, "activity") == []


def test_a_schedule_that_was_missed(world: World) -> None:
    world.call("sqs", "CreateQueue", QueueName="q")
    target = {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "RoleArn": ROLE}
    world.call(
        "scheduler", "CreateSchedule", Name="hourly", ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"}, Target=target,
    )  # fmt: skip
    world.advance(3700)
    assert told(world, "schedule") == []
    world.close()
    world.clock.time += 5 * 3600
    world._open()
    world.settle()
    missed = "missed 5 times while Owari was down, invoked once for that"
    assert told(world, "schedule") == [("default/hourly", "", missed, False)]
    world.crash()
    world.settle()
    assert told(world, "schedule") == [], "this start had nothing to make up for"


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[BatchWorld]:
    made = BatchWorld(tmp_path)
    made.compute.duration = lambda _spec: 1e9
    yield made
    made.close()


def test_jobs_under_way_and_why_the_next_waits(batch: BatchWorld) -> None:
    batch.set_up()
    batch.machine(vcpus=2)
    batch.submit("sweep", arrayProperties={"size": 10})
    batch.settle()
    assert under_way(batch)["jobs"] == (2, 8)
    [(name, _, why, alarming)] = told(batch, "job")
    assert name.startswith("sweep (") and "Waiting for 1 vCPUs" in why and not alarming


def test_a_job_that_can_never_run_is_alarming(batch: BatchWorld) -> None:
    batch.set_up()
    batch.machine(memory_mib=8192)
    id = batch.submit("big", containerOverrides={"memory": 99_999})
    batch.settle()
    asked = (f"big ({id[:8]})", "RUNNABLE", batch.job(id)["statusReason"], True)
    assert told(batch, "job") == [asked]


def test_a_queue_and_an_environment_that_are_disabled(batch: BatchWorld) -> None:
    batch.set_up()
    batch.batch("UpdateJobQueue", jobQueue="q", state="DISABLED")
    batch.batch("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    assert told(batch, "job queue") == [("q", "DISABLED", "takes no jobs", True)]
    assert told(batch, "compute environment") == [("ce", "DISABLED", "starts no jobs", True)]


@pytest.fixture
def ecs(tmp_path: Path) -> Iterator[EcsWorld]:
    made = EcsWorld(tmp_path)
    made.begin()
    made.compute.duration = lambda _spec: 1e9
    yield made
    made.close()


def test_a_task_says_what_it_waits_for(ecs: EcsWorld) -> None:
    ecs.machine(4, 100)
    ecs.define("f")
    tasks = [ecs.run() for _ in range(3)]
    ecs.settle()
    assert under_way(ecs)["tasks"] == (1, 2)
    lacks = "memory (64 wanted, 36 of 100 free)"
    names = [f"f:1 ({arn.rpartition('/')[2][:8]})" for arn in tasks]
    assert told(ecs, "task") == [
        (names[1], "PROVISIONING", f"waits for {lacks}", False),
        (names[2], "PROVISIONING", "waits its turn: tasks ahead of it start first", False),
    ]


def test_a_service_that_has_too_few_tasks(ecs: EcsWorld) -> None:
    ecs.machine(4, 100)
    ecs.define("f")
    ecs.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=2)
    ecs.settle()
    ecs.began("app")
    assert told(ecs, "service") == [], "it may take its time"
    ecs.advance(120)
    [(name, _, why, alarming)] = told(ecs, "service")
    assert (name, alarming) == ("default/s", True)
    assert why.startswith("1 of 2 tasks run: was unable to place a task because no container")
    placing = [e for e in ecs.service()["events"] if "unable to place" in e["message"]]
    assert len(placing) == 1, "it is said once"


def test_a_service_without_room_holds_up_nobody(ecs: EcsWorld) -> None:
    ecs.machine(4, 200)
    ecs.define("large", container("large", memory=150))
    ecs.define("small", container("small", memory=10))
    ecs.ecs("CreateService", serviceName="s", taskDefinition="large", desiredCount=5)
    ecs.settle()
    assert under_way(ecs)["tasks"] == (1, 4)
    ecs.ecs("CreateService", serviceName="t", taskDefinition="small", desiredCount=2)
    ecs.run("small")
    ecs.settle()
    assert under_way(ecs)["tasks"] == (4, 4)
    reasons = [why for _, _, why, _ in told(ecs, "task")]
    assert len(reasons) == 4 and sum("waits for memory" in why for why in reasons) == 1
    ecs.crash()
    ecs.settle()
    assert under_way(ecs)["tasks"] == (4, 4)


def test_very_many_tasks_are_begun_in_turns(ecs: EcsWorld) -> None:
    ecs.machine(4, 130 * 64)
    ecs.define("f")
    for _ in range(14):
        ecs.ecs("RunTask", taskDefinition="f", count=10)
    ecs.settle()
    assert under_way(ecs)["tasks"] == (130, 10)


def test_a_service_whose_tasks_fail(ecs: EcsWorld) -> None:
    ecs.machine(4, 1000)
    ecs.compute.duration = lambda _spec: 1.0
    ecs.define("f")
    ecs.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=1)
    ecs.advance(30)
    [(_, _, why, alarming)] = told(ecs, "service")
    assert alarming and "of 1 tasks run: " in why


def test_of_each_kind_so_many_are_told(world: World) -> None:
    for n in range(25):
        name = f"dead-{n:02}"
        url = world.call("sqs", "CreateQueue", QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
        world.call("sqs", "CreateQueue", QueueName=f"q{n}", Attributes={"RedrivePolicy": policy})
        world.call("sqs", "SendMessage", QueueUrl=url, MessageBody="x")
    found = overview(world)
    assert len(found["Notices"]) == 20
    assert found["NoticeCounts"] == {"dead-letter queue": 25}
