"""Step Functions' operations and reactions, by topic. Importing this declares them all."""

from owari.services.stepfunctions import (
    api_activities,
    api_aliases,
    api_executions,
    api_express,
    api_history,
    api_machines,
    api_map_runs,
    api_tags,
    api_test_state,
    api_versions,
    api_workers,
    children,
    overview,
    reactions,
    sweeping,
    tables,
)

__all__ = [
    "api_activities",
    "api_aliases",
    "api_executions",
    "api_express",
    "api_history",
    "api_machines",
    "api_map_runs",
    "api_tags",
    "api_test_state",
    "api_versions",
    "api_workers",
    "children",
    "overview",
    "reactions",
    "sweeping",
    "tables",
]
