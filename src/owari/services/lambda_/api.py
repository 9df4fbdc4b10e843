"""Lambda's operations, by topic. Importing this declares them all."""

from owari.services.lambda_ import (
    api_account,
    api_concurrency,
    api_event_invoke,
    api_events,
    api_functions,
    api_invoke,
    api_mappings,
    api_permissions,
    api_tags,
    api_update,
    api_versions,
    mapping_batches,
)

__all__ = [
    "api_account",
    "api_concurrency",
    "api_event_invoke",
    "api_events",
    "api_functions",
    "api_invoke",
    "api_mappings",
    "api_permissions",
    "api_tags",
    "api_update",
    "api_versions",
    "mapping_batches",
]
