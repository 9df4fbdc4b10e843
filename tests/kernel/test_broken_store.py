"""A store that refuses: every waiter learns it, nobody waits for ever, and work goes on after."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from owari.errors import ServiceError
from owari.host import SYSTEM
from owari.kernel import Work
from owari.store.tx import Tx
from tests.services.batch.support import BatchWorld
from tests.support.world import World


class Broken:
    """The writer's connection; statements that begin with `word` fail."""

    def __init__(self, real: sqlite3.Connection, word: str) -> None:
        self.real = real
        self.word = word

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if sql.startswith(self.word):
            raise sqlite3.OperationalError("disk I/O error")
        return self.real.execute(sql, *args)


@pytest.mark.parametrize("word", ["BEGIN", "SAVEPOINT", "UPDATE kernel", "COMMIT"])
def test_every_waiter_is_told(world: World, word: str) -> None:
    kernel = world.kernel
    real = kernel.writer
    told: list[ServiceError | None] = []

    def create(tx: Tx) -> None:
        tx.call("s3", "CreateBucket", {"Bucket": f"bucket-{tx.next_seq()}"})

    def submit() -> None:
        for _ in range(3):
            kernel.submit(Work(SYSTEM, create, lambda _result, error: told.append(error)))

    submit()
    kernel.writer = Broken(real, word)  # type: ignore[assignment]
    for _ in range(4):
        kernel.turn()
    assert [error.code for error in told if error] == ["InternalError"] * 3
    assert not kernel.queue
    kernel.writer = real
    assert not real.in_transaction
    assert world.call("s3", "ListBuckets")["Buckets"] == []
    told.clear()
    submit()
    world.settle()
    assert told == [None] * 3
    assert len(world.call("s3", "ListBuckets")["Buckets"]) == 3


@pytest.mark.parametrize("word", ["BEGIN", "COMMIT"])
def test_what_agents_carry_is_told_until_it_is_known(tmp_path: Path, word: str) -> None:
    """An agent that came while the disk was full: jobs waited for one for ever."""
    world = BatchWorld(tmp_path / "owari")
    world.set_up()
    agent = {"instance": world.compute.instance, "vcpus": 4, "memory_mib": 8192, "gpus": 0}
    world.engine.capacity(SYSTEM, [])
    world.settle()
    id = world.submit()
    world.settle(1)
    assert "No agent is connected" in world.job(id)["statusReason"]
    real = world.kernel.writer
    world.kernel.writer = Broken(real, word)  # type: ignore[assignment]
    world.engine.capacity(SYSTEM, [agent | {"vcpus": 1}])
    world.engine.capacity(SYSTEM, [agent])  # the newest counts
    world.settle(20)
    world.kernel.writer = real
    assert world.status(id) == "RUNNABLE"
    world.engine.holder = world.compute.instance
    world.settle(20)
    assert world.status(id) == "SUCCEEDED"
    (row,) = world.kernel.reader.execute("SELECT agents FROM batch_scheduler")
    assert '"vcpus":4' in row[0].replace(" ", "")
    world.close()
