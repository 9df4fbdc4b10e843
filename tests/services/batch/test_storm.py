"""Arrays under seeded faults: kills before and after commits, lost agents, reports that come twice.

Whatever happens, every child ends exactly once, counts add up, and nothing is left to do.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from owari.compute.base import Spec
from owari.compute.fake import SystemFailure
from tests.services.batch.support import BatchWorld
from tests.support.world import Disconnected

SIZE = 60


class Storm:
    """`losses`: the agent dies too, and with it what it ran or had not yet reported. `quick`:
    children take so little that an agent is given many together."""

    def __init__(self, folder: Path, seed: int, *, losses: bool, quick: bool) -> None:
        self.random = random.Random(seed)
        self.losses = losses
        self.quick = quick
        self.world = BatchWorld(folder, seed=seed)
        self.world.set_up()
        self.world.machine(vcpus=6)
        self.faulty = False
        self.kills = 0
        self.succeeded: Counter[str] = Counter()
        self.world.fault = self._fault
        per_s = 60.0 if quick else 3.0
        self.world.compute.duration = lambda _spec: self.random.expovariate(per_s)
        self.together = 0  # the most children that an agent was seen to be given at once
        self.world.compute.duplicate = lambda: self.faulty and self.random.random() < 0.1
        self.world.compute.process = self._process

    def _fault(self, _where: str) -> bool:
        kill = self.faulty and self.random.random() < 0.01
        self.kills += kill
        return kill

    def _process(self, spec: Spec) -> tuple[int, str]:
        if self.random.random() < 0.05:
            return 1, ""
        if self.random.random() < 0.03:
            raise SystemFailure("throttled", "no room")
        self.succeeded[spec["variables"]["AWS_BATCH_JOB_ID"]] += 1
        return 0, ""

    def submit(self, **p: object) -> str:
        """Tried until it is answered; a job that was not answered for may be there all the same."""
        while True:
            try:
                retry = {"attempts": 3}
                return self.world.submit(retryStrategy=retry, arrayProperties={"size": SIZE}, **p)
            except Disconnected:
                continue

    def run(self) -> list[str]:
        self.faulty = True
        a = self.submit()
        b = self.submit(dependsOn=[{"jobId": a, "type": "N_TO_N"}])
        c = self.submit(dependsOn=[{"type": "SEQUENTIAL"}])
        d = self.submit(dependsOn=[{"jobId": c}])
        for _ in range(60):
            what = self.random.random()
            if what < 0.1:
                self.kills += 1
                self.world.crash()
            elif what < 0.15 and self.losses:
                self.world.lose_agent()
                self.world.machine(vcpus=6)
            elif what < 0.25:
                self.meddle(self.random.choice([a, b, c]))
            self.world.advance(self.random.expovariate(1) / (20 if self.quick else 1))
            self.check_counts([a, b, c, d])
        self.faulty = False
        self.world.advance(3600)
        return [a, b, c, d]

    def meddle(self, id: str) -> None:
        """A child is stopped, and some are seen to run."""
        try:
            child = f"{id}:{self.random.randrange(SIZE)}"
            self.world.batch("TerminateJob", jobId=child, reason="meddled")
        except Disconnected:
            return
        for spec in self.world.compute.started[-4:]:
            self.world.started(spec)

    def check_counts(self, ids: list[str]) -> None:
        read = self.world.kernel.reader.execute
        for row in read("SELECT unended, indexes FROM batch_stretch"):
            given = len(json.loads(row["indexes"]))
            assert 0 < row["unended"] <= given
            self.together = max(self.together, given)
        held = read("SELECT claims FROM batch_held")
        claims = [claim for row in held for claim in json.loads(row["claims"])]
        assert sum(n for kind, _, n in claims if kind == "vcpus") <= 6000, "over capacity"
        for id in ids:
            detail = self.world.job(id)
            counts = detail["arrayProperties"]["statusSummary"]
            assert sum(counts.values()) == SIZE
            listed = Counter(self.world.job(f"{id}:{n}")["status"] for n in range(SIZE))
            assert {s: n for s, n in counts.items() if n} == dict(listed)


@pytest.mark.parametrize("seed", range(8))
def test_every_child_ends_once_whatever_is_killed(tmp_path: Path, seed: int) -> None:
    storm = Storm(tmp_path, seed, losses=seed % 2 == 1, quick=seed % 4 > 1)
    ids = storm.run()
    assert storm.kills > 0
    assert storm.together > 3 or not storm.quick
    assert storm.succeeded
    for id in ids:
        detail = storm.world.job(id)
        counts = detail["arrayProperties"]["statusSummary"]
        assert counts["SUCCEEDED"] + counts["FAILED"] == SIZE
        assert detail["status"] == ("FAILED" if counts["FAILED"] else "SUCCEEDED")
        for n in range(SIZE):
            child = storm.world.job(f"{id}:{n}")
            ran = storm.succeeded[f"{id}:{n}"]
            if child["status"] == "SUCCEEDED":
                assert child["attempts"][-1]["container"]["exitCode"] == 0
                assert ran == 1 or (ran > 1 and storm.losses)
            else:
                assert ran == 0 or storm.losses
    left = [e for e in storm.world.effects() if e.due < storm.world.clock.now()]
    assert not left
    live = storm.world.kernel.reader.execute("SELECT COUNT(*) FROM batch_held")
    assert live.fetchone()[0] == 0
    storm.world.close()
