"""EventBridge. Importing this module declares all of it."""

from __future__ import annotations

from owari.services.events import (
    api_archives,
    api_buses,
    api_connections,
    api_destinations,
    api_patterns,
    api_permissions,
    api_put,
    api_replays,
    api_rules,
    api_tags,
    api_targets,
    delivery,
    fanout,
    forwarding,
    replaying,
    sql,
    ticking,
)

__all__ = [
    "api_archives",
    "api_buses",
    "api_connections",
    "api_destinations",
    "api_patterns",
    "api_permissions",
    "api_put",
    "api_replays",
    "api_rules",
    "api_tags",
    "api_targets",
    "delivery",
    "fanout",
    "forwarding",
    "replaying",
    "sql",
    "ticking",
]
