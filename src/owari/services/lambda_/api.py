"""Lambda's operations, by topic. Importing this declares them all."""

from owari.services.lambda_ import (
    api_account,
    api_aliases,
    api_concurrency,
    api_event_invoke,
    api_events,
    api_functions,
    api_invoke,
    api_layer_permissions,
    api_layers,
    api_mappings,
    api_permissions,
    api_tags,
    api_update,
    api_versions,
    mapping_batches,
)
from owari.services.lambda_.durable import (
    api_callbacks,
    api_checkpoint,
    api_executions,
    waking,
)

__all__ = [
    "api_account",
    "api_aliases",
    "api_callbacks",
    "api_checkpoint",
    "api_concurrency",
    "api_event_invoke",
    "api_events",
    "api_executions",
    "api_functions",
    "api_invoke",
    "api_layer_permissions",
    "api_layers",
    "api_mappings",
    "api_permissions",
    "api_tags",
    "api_update",
    "api_versions",
    "mapping_batches",
    "waking",
]
