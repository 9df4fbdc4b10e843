"""Task state change events: the one place where they leave, and only where someone listens.

Source: ECS developer guide, "Amazon ECS task state change events".
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from owari.effects import Call
from owari.errors import ServiceError
from owari.services.ecs.describing import task_detail
from owari.services.ecs.records import Task
from owari.services.ecs.times import iso
from owari.store.tx import Tx
from owari.wire.operation import REGISTRY

LOOK_EVERY_S = 1.0  # how long what was found about rules is believed


def announce(tx: Tx, task: Task) -> None:
    """The task's status changed."""
    if ("events", "PutEvents") not in REGISTRY.operations or not _is_listened_to(tx, task):
        return
    detail = _as_event(task_detail(task))
    entry = {
        "Source": "aws.ecs",
        "DetailType": "ECS Task State Change",
        "Resources": [task.arn],
        "Time": tx.now,
        "Detail": json.dumps(detail, separators=(",", ":")),
    }
    tx.emit(
        Call("events", "PutEvents", {"Entries": [entry]}),
        account=task.account,
        region=task.region,
        principal="ecs.amazonaws.com",
    )


def _as_event(detail: dict[str, Any]) -> dict[str, Any]:
    """Times as text; only overrides that say something."""
    made = {k: iso(v) if k.endswith("At") else v for k, v in detail.items()}
    return made | {"updatedAt": max(v for k, v in made.items() if k.endswith("At"))}


def _is_listened_to(tx: Tx, task: Task) -> bool:
    key = f"ecs/listened/{task.account}/{task.region}"
    known: tuple[float, bool] | None = tx.cache.get(key)
    if known is None or not 0 <= tx.now - known[0] < LOOK_EVERY_S:
        owner = replace(tx, account=task.account, region=task.region)
        known = tx.cache[key] = (tx.now, _some_rule_matches(owner))
    return known[1]


def _some_rule_matches(tx: Tx) -> bool:
    """A rule whose pattern asks for no source, or for ours."""
    if ("events", "ListRules") not in REGISTRY.operations:
        return True
    try:
        rules: list[dict[str, Any]] = tx.call("events", "ListRules", {}).get("Rules", [])
    except ServiceError:
        return False
    patterns = [json.loads(r["EventPattern"]) for r in rules if r.get("EventPattern")]
    return any(_asks_for_us(pattern.get("source")) for pattern in patterns)


def _asks_for_us(sources: Any) -> bool:
    """A matcher other than a plain name may match."""
    if not isinstance(sources, list):
        return True
    return any(source == "aws.ecs" or isinstance(source, dict) for source in sources)
