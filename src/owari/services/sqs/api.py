"""SQS: queues and their messages. Importing this module declares all of it."""

from __future__ import annotations

from owari.services.sqs import (
    dead_letters,
    deleting,
    moving,
    overview,
    permissions,
    queues,
    receiving,
    sending,
    settings,
    sql,
    sweeping,
    tagging,
    visibility,
    waiting,
)

__all__ = [
    "dead_letters",
    "deleting",
    "moving",
    "overview",
    "permissions",
    "queues",
    "receiving",
    "sending",
    "settings",
    "sql",
    "sweeping",
    "tagging",
    "visibility",
    "waiting",
]
