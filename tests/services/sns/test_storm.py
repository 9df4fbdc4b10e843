"""Random failures and crashes: every message reaches every subscriber it was meant for."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from owari.errors import ServiceError
from tests.services.sns.targets import FUNCTION, Targets
from tests.services.sns.test_delivery import REDRIVE

FAULTS = (
    None,
    ServiceError("TooManyRequestsException", "throttled", status=429),
    ServiceError("ServiceException", "broken", status=500),
    ServiceError("AccessDeniedException", "not any more", status=403),
)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_or_doubled(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    world = Targets(tmp_path / "owari")
    topic = world.topic()
    for colour in ("red", "green"):
        policy = json.dumps({"colour": [colour]})
        world.subscribe(
            topic, "lambda", f"{FUNCTION}-{colour}", FilterPolicy=policy, RedrivePolicy=REDRIVE
        )
    world.subscribe(topic, "lambda", f"{FUNCTION}-all", RedrivePolicy=REDRIVE)
    expected: Counter[tuple[str, str]] = Counter()
    for number in range(40):
        world.failure = chance.choice(FAULTS)
        colour = chance.choice(["red", "green", "blue"])
        attributes = {"colour": {"DataType": "String", "StringValue": colour}}
        message = {"TopicArn": topic, "Message": str(number), "MessageAttributes": attributes}
        message_id = world.call("sns", "Publish", **message)["MessageId"]
        expected.update((message_id, who) for who in ("all", colour) if who != "blue")
        if chance.random() < 0.3:
            world.advance(chance.random() * 3)
        if chance.random() < 0.3:
            world.crash()
    world.failure = None
    world.advance(120)
    assert world.effects() == []
    arrived: Counter[tuple[str, str]] = Counter()
    for _, _, params in world.invoked:
        record = json.loads(params["Payload"])["Records"][0]["Sns"]
        arrived[record["MessageId"], params["FunctionName"].rsplit("-", 1)[-1]] += 1
    buried = Counter(json.loads(letter["MessageBody"])["MessageId"] for letter in world.queued)
    assert all(count == 1 for count in arrived.values()) and not arrived - expected
    missing = expected - arrived
    assert Counter(message_id for message_id, _ in missing.elements()) == buried
    assert arrived and buried
    world.close()
