"""Entities as the API shows them."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.iam.core import TAGS_MAX, Entity, encoded
from owari.services.iam.faults import quota
from owari.store.tx import Tx
from owari.tags import as_map, as_pairs, has_reserved


def tags_from(items: list[dict[str, str]] | None) -> dict[str, str]:
    tags = as_map(items)
    if len({key.lower() for key in tags}) != len(items or []):
        raise ServiceError(
            "InvalidInput",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            status=400,
        )
    return tags


def check_tags(tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise quota("TagsPerResource", TAGS_MAX)
    if has_reserved(tags):
        raise ServiceError(
            "InvalidInput", "Tag keys beginning with 'aws:' are reserved.", status=400
        )


def shown_tags(tx: Tx, arn: str) -> dict[str, Any]:
    """`Tags`, or nothing when there are none."""
    listed = as_pairs(tx.resources.tags(arn))
    return {"Tags": listed} if listed else {}


def shown_boundary(entity: Entity) -> dict[str, Any]:
    arn = entity.details.get("boundary")
    if not arn:
        return {}
    kind = "PermissionsBoundaryPolicy"
    return {"PermissionsBoundary": {"PermissionsBoundaryType": kind, "PermissionsBoundaryArn": arn}}


def _named(entity: Entity) -> dict[str, Any]:
    word = entity.kind.word
    return {
        "Path": entity.path,
        f"{word}Name": entity.name,
        f"{word}Id": entity.id,
        "Arn": entity.arn,
        "CreateDate": entity.created,
    }


def listed_role(role: Entity) -> dict[str, Any]:
    """Lists leave out tags, boundaries and when a role was last used."""
    shown = _named(role) | {
        "AssumeRolePolicyDocument": encoded(role.details["trust"]),
        "MaxSessionDuration": role.details["max_session_s"],
    }
    if role.details.get("description"):
        shown["Description"] = role.details["description"]
    return shown


def role_view(tx: Tx, role: Entity) -> dict[str, Any]:
    return listed_role(role) | shown_boundary(role) | shown_tags(tx, role.arn)


def listed_user(user: Entity) -> dict[str, Any]:
    return _named(user)


def user_view(tx: Tx, user: Entity) -> dict[str, Any]:
    return _named(user) | shown_boundary(user) | shown_tags(tx, user.arn)


def group_view(group: Entity) -> dict[str, Any]:
    return _named(group)


def profile_view(tx: Tx, profile: Entity, roles: list[Entity]) -> dict[str, Any]:
    shown = {"Roles": [listed_role(role) for role in roles]}
    return _named(profile) | shown | shown_tags(tx, profile.arn)
