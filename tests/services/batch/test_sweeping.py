"""Ended jobs are forgotten after a week, in bounded steps, and only they."""

from __future__ import annotations

from pathlib import Path

import pytest

from owari.services.batch import sweeping
from tests.services.batch.support import BatchWorld

DAY = 86_400.0
TABLES = ("job", "task", "chunk", "dependency", "watcher")


def rows(world: BatchWorld) -> dict[str, int]:
    count = "SELECT COUNT(*) FROM batch_{}"
    read = world.kernel.reader.execute
    found = {name: read(count.format(name)).fetchone()[0] for name in TABLES}
    tags = read("SELECT COUNT(*) FROM tag").fetchone()[0]
    return {name: n for name, n in {**found, "tag": tags}.items() if n}


def test_what_ended_a_week_ago_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "ROWS_AT_ONCE", 40)
    monkeypatch.setattr(sweeping, "JOBS_AT_ONCE", 3)
    world = BatchWorld(tmp_path)
    world.set_up()
    world.machine(vcpus=16)
    world.compute.process = lambda spec: (int(":" in spec["variables"]["AWS_BATCH_JOB_ID"]), "")
    array = world.submit(arrayProperties={"size": 300})
    singles = [world.submit(tags={"of": "mine"}) for _ in range(7)]
    world.submit(dependsOn=[{"jobId": array}])
    world.advance(DAY)
    young = world.submit()
    world.advance(5.9 * DAY)
    assert (world.status(array), world.status(singles[0])) == ("FAILED", "SUCCEEDED")
    world.advance(0.5 * DAY)
    world.crash()
    world.advance(0.01 * DAY)
    assert world.status(young) == "SUCCEEDED"
    assert rows(world) == {"job": 1, "task": 1}
    assert world.batch("DescribeJobs", jobs=[array, *singles]) == {"jobs": []}
    world.advance(DAY)
    assert rows(world) == {}
    world.close()


def test_what_has_not_ended_stays(tmp_path: Path) -> None:
    world = BatchWorld(tmp_path)
    world.set_up()
    world.machine()
    world.compute.duration = lambda _spec: 10 * DAY
    runs, waits = world.submit(), world.submit(dependsOn=[{"jobId": world.submit()}])
    world.advance(8 * DAY)
    assert (world.status(runs), world.status(waits)) == ("STARTING", "PENDING")
    world.close()


def test_the_sweep_looks_only_at_what_is_old(tmp_path: Path) -> None:
    world = BatchWorld(tmp_path)
    plan = world.kernel.reader.execute(
        "EXPLAIN QUERY PLAN SELECT account, region, id FROM batch_job"
        " WHERE status IN ('SUCCEEDED', 'FAILED') AND stopped < ? ORDER BY stopped LIMIT ?",
        (0, 1),
    ).fetchall()
    assert [row["detail"] for row in plan] == [
        "SEARCH batch_job USING INDEX batch_job_ended (stopped<?)"
    ]
    world.close()
