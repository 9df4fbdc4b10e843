"""Whatever a service was told to make and then to delete leaves no row behind.

Each story makes every kind of thing that a service has, uses it, and deletes it through its API,
what hangs on a thing with the thing wherever AWS allows it. What AWS goes on telling of for a
time (ended executions, replays, stopped tasks) is forgotten when that time is over; then no
timer may be left either.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import owari.catalog  # noqa: F401  (declares the services)
from owari.wire.operation import REGISTRY
from tests.leftovers import computing, messages, storage
from tests.leftovers.watched import DAY, Watched
from tests.support.world import KEPT

STORIES: dict[str, Callable[[Watched], None]] = {
    "batch": computing.batch,
    "ecr": storage.ecr,
    "ecs": computing.ecs,
    "events": messages.events,
    "iam": storage.iam,
    "lambda": computing.lambda_,
    "logs": storage.logs,
    "s3": storage.s3,
    "scheduler": messages.scheduler,
    "secretsmanager": storage.secretsmanager,
    "sns": messages.sns,
    "sqs": messages.sqs,
    "ssm": storage.ssm,
    "stepfunctions": computing.stepfunctions,
}
FORGOTTEN_AFTER_DAYS = 190  # AWS tells of nothing longer than 180 days
# Tables that keep rows all the same, and why.
ALLOWED: dict[str, dict[str, str]] = {
    "ecs": {"ecs_family": "AWS retains the name: a revision's number is never given again"},
    "lambda": {"lambda_layer": "a layer version's number is never given again"},
    "stepfunctions": {"ecs_family": "of the tasks it waits for"},
}


def tables_of(service: str) -> set[str]:
    """The tables that `migrations` of the service, or of a part of it, made."""
    scripts = [
        script
        for owner, steps in REGISTRY.migrations.items()
        if owner.split(".")[0] == service
        for script in steps
    ]
    words = " ".join(scripts).split("CREATE TABLE ")[1:]
    return {text.split()[0] for text in words}


def test_every_service_with_tables_has_a_story() -> None:
    assert set(STORIES) == {owner.split(".")[0] for owner in REGISTRY.migrations}


@pytest.mark.parametrize("service", sorted(STORIES))
def test_nothing_is_left(service: str, tmp_path: Path) -> None:
    world = Watched(tmp_path)
    STORIES[service](world)
    untold = tables_of(service) - world.written() - KEPT.keys()
    world.crash()
    world.advance(FORGOTTEN_AFTER_DAYS * DAY)
    left = world.left_behind(**ALLOWED.get(service, {}))
    world.close()
    assert untold == set(), "the story leaves these tables out: it says nothing of them"
    assert left == {}
