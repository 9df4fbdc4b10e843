"""Parameter Store's operations, by topic. Importing this declares them all."""

from owari.services.ssm import (
    api_delete,
    api_describe,
    api_get,
    api_history,
    api_labels,
    api_paths,
    api_put,
    api_tags,
    enforcing,
    tables,
)

__all__ = [
    "api_delete", "api_describe", "api_get", "api_history", "api_labels", "api_paths", "api_put",
    "api_tags", "enforcing", "tables",
]  # fmt: skip
