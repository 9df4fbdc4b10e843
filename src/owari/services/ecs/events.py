"""Task state change events: the one place where they leave.

Source: ECS developer guide, "Amazon ECS task state change events".
"""

from __future__ import annotations

from typing import Any

from owari.services.ecs.describing import task_detail
from owari.services.ecs.records import Task
from owari.services.ecs.times import iso
from owari.store import bus
from owari.store.tx import Tx


def announce(tx: Tx, task: Task) -> None:
    """The task's status changed."""
    bus.announce(
        tx,
        "aws.ecs",
        "ECS Task State Change",
        lambda: _as_event(task_detail(task), tx.now),
        resources=[task.arn],
        account=task.account,
        region=task.region,
    )


def _as_event(detail: dict[str, Any], now: float) -> dict[str, Any]:
    """Times as text."""
    made = {k: iso(v) if isinstance(v, float) else v for k, v in detail.items()}
    return made | {"updatedAt": iso(now)}
