"""SNS: topics, subscriptions, publishing. Importing this module declares all of it."""

from __future__ import annotations

from owari.services.sns import (
    delivery,
    fanout,
    permissions,
    publish,
    sql,
    subscribe,
    subscriptions,
    tagging,
    topics,
)

__all__ = [
    "delivery",
    "fanout",
    "permissions",
    "publish",
    "sql",
    "subscribe",
    "subscriptions",
    "tagging",
    "topics",
]
