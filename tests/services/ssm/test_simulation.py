"""Parameters under seeded kills: what expires is gone once, what was put otherwise stays."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from owari.errors import ServiceError
from tests.services.events.driving import Bus
from tests.services.ssm.conftest import Store
from tests.support.world import START, Disconnected

DAY = 86_400.0
NAMES = [f"/p/{n}" for n in range(12)]


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_and_nothing_outlives_its_time(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    bus = Bus(tmp_path, seed)
    store = Store(bus)
    queue = bus.queue("heard", MessageRetentionPeriod="1209600")
    pattern = {"source": ["aws.ssm"], "detail": {"policy-type": ["Expiration"]}}
    bus.rule("expired", pattern, {"Id": "q", "Arn": queue})
    kills = Counter[str]()

    def fault(where: str) -> bool:
        hit = chance.random() < 0.04
        kills[where] += hit
        return hit

    bus.world.fault = fault
    expires = {name: START + chance.uniform(1, 4) * DAY for name in NAMES[::2]}
    values = {name: _put(store, name, 1, expires.get(name)) for name in NAMES}
    for turn in range(2, 30):
        bus.world.advance(chance.expovariate(1 / (DAY / 8)))
        name = chance.choice(NAMES)
        if bus.world.clock.now() < expires.get(name, float("inf")):
            values[name] = _put(store, name, turn, None)
    bus.world.fault = lambda _where: False
    bus.world.advance(max(START + 4 * DAY - bus.world.clock.now(), 0) + 60)
    assert kills, "no fault was met"
    for name in NAMES:
        if name in expires:
            assert store.refused("GetParameter", Name=name)[0] == "ParameterNotFound"
        else:
            assert store.get(name)["Value"] == values[name]
    told = Counter(event["detail"]["parameter-name"] for event in bus.bodies(queue))
    assert told == Counter(expires.keys())
    assert bus.world.effects() == []
    bus.close()


def _put(store: Store, name: str, turn: int, expires: float | None) -> str:
    """Until it is acknowledged, as an SDK does."""
    more = {"Overwrite": True, "Type": "String", "Tier": "Advanced"}
    if expires is not None:
        text = datetime.fromtimestamp(expires, UTC).isoformat()
        policy = {"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": text}}
        more["Policies"] = json.dumps([policy])
    while True:
        try:
            store.call("PutParameter", Name=name, Value=str(turn), **more)
        except Disconnected:
            continue
        except ServiceError as error:
            assert error.code == "InvalidPolicyAttributeException", error
        return str(turn)
