"""Batch's operations and reactions, by topic. Importing this declares them all."""

from owari.services.batch import (
    api_consumables,
    api_definitions,
    api_environments,
    api_jobs,
    api_policies,
    api_queues,
    api_snapshot,
    api_stop,
    api_submit,
    api_tags,
    deciding,
    overview,
    running,
    sweeping,
    tables,
    watching,
)

__all__ = [
    "api_consumables",
    "api_definitions",
    "api_environments",
    "api_jobs",
    "api_policies",
    "api_queues",
    "api_snapshot",
    "api_stop",
    "api_submit",
    "api_tags",
    "deciding",
    "overview",
    "running",
    "sweeping",
    "tables",
    "watching",
]
