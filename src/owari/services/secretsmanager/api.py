"""Secrets Manager's operations, by topic. Importing this declares them all."""

from owari.services.secretsmanager import (
    api_batch,
    api_create,
    api_delete,
    api_describe,
    api_get,
    api_list,
    api_password,
    api_policies,
    api_put,
    api_rotate,
    api_stages,
    api_tags,
    api_update,
    api_versions,
    deleting,
    overview,
    rotating,
    tables,
)

__all__ = [
    "api_batch", "api_create", "api_delete", "api_describe", "api_get", "api_list", "api_password",
    "api_policies", "api_put", "api_rotate", "api_stages", "api_tags", "api_update",
    "api_versions", "deleting", "overview", "rotating", "tables",
]  # fmt: skip
