"""IAM: roles, users, groups, policies, access keys. Importing this module declares all of it."""

from __future__ import annotations

from owari.services.iam import (
    attachments,
    groups,
    inline,
    keys,
    linked,
    managed,
    profiles,
    roles,
    sql,
    tagging,
    users,
)

__all__ = [
    "attachments",
    "groups",
    "inline",
    "keys",
    "linked",
    "managed",
    "profiles",
    "roles",
    "sql",
    "tagging",
    "users",
]
