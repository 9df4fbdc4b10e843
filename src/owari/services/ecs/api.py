"""ECS's operations and reactions, by topic. Importing this declares them all."""

from owari.services.ecs import (
    admitting,
    api_clusters,
    api_definitions,
    api_run,
    api_services,
    api_settings,
    api_tags,
    api_tasks,
    checking,
    metadata,
    overview,
    running,
    serving,
    sweeping,
    tables,
    watching,
)

__all__ = [
    "admitting",
    "api_clusters",
    "api_definitions",
    "api_run",
    "api_services",
    "api_settings",
    "api_tags",
    "api_tasks",
    "checking",
    "metadata",
    "overview",
    "running",
    "serving",
    "sweeping",
    "tables",
    "watching",
]
