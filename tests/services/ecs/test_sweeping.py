"""What is over is forgotten, though nothing else happens, and then no timer is left."""

from __future__ import annotations

from tests.services.ecs.support import EcsWorld

HOUR_S = 3600.0
PLACES = ("ecs_task", "ecs_token", "ecs_service", "tag")


def left(world: EcsWorld) -> dict[str, int]:
    count = "SELECT COUNT(*) FROM"
    return {t: world.kernel.reader.execute(f"{count} {t}").fetchone()[0] for t in PLACES}


def test_what_is_over_is_forgotten_by_itself(world: EcsWorld) -> None:
    world.machine(8, 8000)
    world.ecs("CreateCluster", clusterName="c")
    world.define("f")
    tag = [{"key": "k", "value": "v"}]
    world.ecs("CreateService", cluster="c", serviceName="s", taskDefinition="f", desiredCount=1)
    world.run(cluster="c", clientToken="once", tags=tag)
    world.settle(10)
    world.ecs("DeleteService", cluster="c", service="s", force=True)
    world.settle(60)
    (service,) = world.ecs("DescribeServices", cluster="c", services=["s"])["services"]
    assert service["status"] == "INACTIVE"  # programs wait for that
    world.ecs("DeleteCluster", cluster="c")
    assert left(world)["ecs_task"] >= 2
    world.crash()
    world.advance(27 * HOUR_S)
    assert left(world) == dict.fromkeys(PLACES, 0)
    assert world.ecs("DescribeClusters", clusters=["c"])["failures"][0]["reason"] == "MISSING"
    assert world.effects(sweeps=True) == []


def test_a_stopped_task_is_told_of_for_an_hour(world: EcsWorld) -> None:
    world.machine(8, 8000)
    world.define("f")
    task = world.run()
    world.settle(30)
    world.advance(0.9 * HOUR_S)
    assert world.task(task)["lastStatus"] == "STOPPED"
    world.advance(1.5 * HOUR_S)
    assert world.ecs("DescribeTasks", tasks=[task])["failures"][0]["reason"] == "MISSING"


def test_more_than_one_step_is_forgotten(world: EcsWorld) -> None:
    world.machine(1000, 1_000_000)
    world.define("f")
    for _ in range(51):
        world.ecs("RunTask", taskDefinition="f", count=10)
    world.advance(60)
    assert left(world)["ecs_task"] == 510
    world.advance(2 * HOUR_S)
    assert left(world)["ecs_task"] == 0


def test_a_deleted_service_may_come_again_before_it_is_forgotten(world: EcsWorld) -> None:
    world.machine(8, 8000)
    world.define("f")
    for _ in range(2):
        world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=0)
        world.settle(5)
        world.ecs("DeleteService", service="s", force=True)
        world.settle(5)
    world.ecs("CreateService", serviceName="s", taskDefinition="f", desiredCount=0)
    world.advance(5 * HOUR_S)
    assert world.service()["status"] == "ACTIVE"
