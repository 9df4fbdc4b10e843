"""Kills, lost agents, failing and throttled functions: mappings lose nothing and keep groups in
order, and once the storm is over their queues are empty and nothing is in flight."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import FunctionError, SystemFailure
from tests.services.lambda_.mappings import Line
from tests.support.world import ACCOUNT, REGION, Disconnected, World

GROUPS = ("a", "b", "c")


class Storm:
    def __init__(self, folder: Path, seed: int, queue: str, **settings: Any) -> None:
        self.chance = random.Random(seed)
        self.world = World(folder, seed=seed)
        self.world.call("sqs", "CreateQueue", QueueName="dead" + queue[1:], **self.kind(queue))
        dead = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead{queue[1:]}"
        policy = {"deadLetterTargetArn": dead, "maxReceiveCount": 1000}
        self.line = Line(
            self.world, queue, attributes={"RedrivePolicy": json.dumps(policy)}, **settings
        )
        self.line.answer = self.answer
        self.done: list[str] = []
        self.calm = False
        self.world.compute.duration = lambda _spec: self.chance.expovariate(2)
        self.world.compute.duplicate = lambda: self.luck(0.1)
        self.world.fault = lambda _where: self.luck(0.02)
        self.sent: set[str] = set()
        self.tried: set[str] = set()

    @staticmethod
    def kind(queue: str) -> dict[str, Any]:
        fifo = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
        return {"Attributes": fifo}

    def luck(self, odds: float) -> bool:
        return not self.calm and self.chance.random() < odds

    def answer(self, records: list[dict[str, Any]]) -> Any:
        if self.luck(0.1):
            raise SystemFailure("throttled")
        if self.luck(0.1):
            raise FunctionError("ValueError", "not this time")
        for at, record in enumerate(records):
            if self.luck(0.05):
                left = [{"itemIdentifier": r["messageId"]} for r in records[at:]]
                return {"batchItemFailures": left}
            self.done.append(record["body"])
        return None

    def send(self, number: int) -> None:
        group = self.chance.choice(GROUPS)
        body = f"{group}{number:04d}"
        fifo = {"MessageGroupId": group} if self.line.arn.endswith(".fifo") else {}
        self.tried.add(body)
        try:
            self.line.send(body, **fifo)
        except Disconnected:
            return
        self.sent.add(body)

    def run(self, count: int) -> None:
        for number in range(count):
            self.send(number)
            if self.luck(0.5):
                self.world.advance(self.chance.random())
            if self.luck(0.03):
                self.world.compute.lose()
                self.world.crash()
        self.calm = True
        self.world.advance(900)

    def check(self) -> None:
        assert self.sent <= set(self.done) <= self.tried
        assert self.line.counts() == (0, 0)
        left = self.world.kernel.reader.execute("SELECT * FROM lambda_mapping_batch").fetchall()
        assert left == []
        assert self.line.get()["State"] == "Enabled"
        row = self.world.kernel.reader.execute("SELECT in_flight FROM lambda_mapping").fetchone()
        assert row["in_flight"] == 0


@pytest.mark.parametrize("seed", range(6))
def test_standard(tmp_path: Path, seed: int) -> None:
    settings = [
        {},
        {"BatchSize": 1, "ScalingConfig": {"MaximumConcurrency": 2}},
        {"BatchSize": 50, "MaximumBatchingWindowInSeconds": 5},
    ][seed % 3]
    storm = Storm(
        tmp_path, seed, "q", FunctionResponseTypes=["ReportBatchItemFailures"], **settings
    )
    storm.run(150)
    storm.check()
    storm.world.close()


@pytest.mark.parametrize("seed", range(4))
def test_groups_keep_their_order(tmp_path: Path, seed: int) -> None:
    storm = Storm(
        tmp_path,
        seed,
        "q.fifo",
        BatchSize=(1, 3, 10)[seed % 3],
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    storm.run(150)
    storm.check()
    for group in GROUPS:
        first = list(dict.fromkeys(body for body in storm.done if body.startswith(group)))
        assert first == sorted(first)
    storm.world.close()
