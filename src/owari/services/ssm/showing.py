"""How a parameter is told of: with its value, or as metadata. Pure."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from owari.services.ssm.records import SECURE, Parameter, Version


def with_value(
    parameter: Parameter, version: Version, selector: str, *, decrypted: bool
) -> dict[str, Any]:
    made = {
        "Name": parameter.name,
        "Type": version.type,
        "Value": value_of(parameter, version, decrypted=decrypted),
        "Version": version.number,
        "LastModifiedDate": version.modified,
        "ARN": parameter.arn,
        "DataType": version.data_type,
    }
    return made | ({"Selector": selector} if selector else {})


def value_of(parameter: Parameter, version: Version, *, decrypted: bool) -> str:
    """Undecrypted, a SecureString tells nothing but that it is this version."""
    if version.type != SECURE or decrypted:
        return version.value
    seed = f"{parameter.arn}:{version.number}".encode()
    return base64.b64encode(hashlib.sha512(seed).digest()).decode()


def metadata(parameter: Parameter, version: Version) -> dict[str, Any]:
    """What DescribeParameters and GetParameterHistory have in common."""
    made: dict[str, Any] = {
        "Name": parameter.name,
        "Type": version.type,
        "LastModifiedDate": version.modified,
        "LastModifiedUser": version.user,
        "Version": version.number,
        "Tier": version.tier,
        "Policies": [policy.shown() for policy in parameter.policies],
        "DataType": version.data_type,
    }
    optional = {
        "KeyId": version.key,
        "Description": version.description,
        "AllowedPattern": version.pattern,
    }
    return made | {name: text for name, text in optional.items() if text}
