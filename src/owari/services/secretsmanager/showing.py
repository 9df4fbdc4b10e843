"""A secret's metadata. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from owari.services.secretsmanager.core import by_version
from owari.services.secretsmanager.records import Secret
from owari.tags import as_pairs


def metadata(s: Secret, tags: Mapping[str, str], versions: str) -> dict[str, Any]:
    """`versions` is what the operation calls the versions' labels. Only what there is."""
    made: dict[str, Any] = {
        "ARN": s.arn,
        "Name": s.name,
        "LastChangedDate": s.changed,
        "CreatedDate": s.created,
        "Tags": as_pairs(tags),
    }
    optional = {
        "Description": s.description or None,
        "KmsKeyId": s.key or None,
        "LastAccessedDate": s.accessed,
        "LastRotatedDate": s.rotated,
        "DeletedDate": s.deletes,
        versions: by_version(s.stages) or None,
        **_rotation(s),
    }
    return made | {name: value for name, value in optional.items() if value is not None}


def _rotation(s: Secret) -> dict[str, Any]:
    r = s.rotation
    if r is None:
        return {}
    return {
        "RotationEnabled": r.enabled,
        "RotationLambdaARN": r.function,
        "RotationRules": r.rules or None,
        "NextRotationDate": r.due_by if r.enabled and s.deletes is None else None,
    }
