"""What a job queue may say. Bounds of the Batch API reference, CreateJobQueue."""

from __future__ import annotations

from typing import Any

from owari.services.batch.faults import beyond_owari, client
from owari.services.batch.names import ENVIRONMENT, name_in
from owari.services.batch.reasons import REMEDIABLE

Json = dict[str, Any]

PRIORITY_MAX = 1000
ACTION_MIN_S, ACTION_MAX_S = 600, 86_400


def check_priority(priority: int) -> int:
    if not 0 <= priority <= PRIORITY_MAX:
        raise client(f"priority must be between 0 and {PRIORITY_MAX}.")
    return priority


def environment_order(p: Json, most: int) -> list[tuple[int, str]]:
    """Order and name, as they are tried. Raises ClientException."""
    if p.get("serviceEnvironmentOrder"):
        raise beyond_owari("job queues with serviceEnvironmentOrder")
    entries = p.get("computeEnvironmentOrder", [])
    if not 1 <= len(entries) <= most:
        raise client(f"A job queue needs between 1 and {most} compute environments.")
    orders = [entry["order"] for entry in entries]
    names = [name_in(entry["computeEnvironment"], ENVIRONMENT) for entry in entries]
    if len(set(orders)) != len(orders) or len(set(names)) != len(names):
        raise client("computeEnvironmentOrder must not name an order or environment twice.")
    return sorted(zip(orders, names, strict=True))


def checked_actions(actions: list[Json]) -> list[Json]:
    """jobStateTimeLimitActions. Raises ClientException."""
    for action in actions:
        if not ACTION_MIN_S <= action["maxTimeSeconds"] <= ACTION_MAX_S:
            raise client(f"maxTimeSeconds must be between {ACTION_MIN_S} and {ACTION_MAX_S}.")
        if action["action"] != "CANCEL":
            raise client("The action of jobStateTimeLimitActions must be CANCEL.")
        if action["reason"] not in REMEDIABLE:
            raise client(f"jobStateTimeLimitActions reason must be one of {', '.join(REMEDIABLE)}.")
    return actions
