"""What may be put: types, tiers, values. Pure.

Sources: Systems Manager API reference, "PutParameter"; user guide, "Managing parameter tiers".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from owari.errors import ServiceError
from owari.services.ssm.data_types import TEXT, check_data_type
from owari.services.ssm.faults import invalid
from owari.services.ssm.records import ADVANCED, INTELLIGENT, SECURE, STANDARD, Version

VALUE_MAX = {STANDARD: 4096, ADVANCED: 8192}
DEFAULT_KEY = "alias/aws/ssm"
_NESTED = re.compile(r"\{\{.*\}\}", re.DOTALL)
_UPGRADE = (
    " To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier."
    " For more information, see"
    " https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
)


def next_version(
    p: Mapping[str, Any], old: Version | None, *, has_policies: bool, user: str, now: float
) -> Version:
    """The version that PutParameter's `p` makes; what it leaves out stays as it was.

    Raises ValidationException, HierarchyTypeMismatchException, InvalidAllowedPatternException,
    ParameterPatternMismatchException.
    """
    made = Version(
        number=old.number + 1 if old else 1,
        value=p["Value"],
        type=_type(p.get("Type"), old),
        tier="",
        data_type=p.get("DataType") or (old.data_type if old else TEXT),
        description=p.get("Description", old.description if old else ""),
        pattern=p.get("AllowedPattern", old.pattern if old else ""),
        key=p.get("KeyId") or (old.key if old else ""),
        user=user,
        modified=now,
    )
    if made.type == SECURE:
        made.key = made.key or DEFAULT_KEY
    elif made.key:
        raise invalid("KeyId is required for SecureString type parameter only.")
    _check_value(made.value)
    made.tier = _tier(p.get("Tier"), old, made.value, has_policies)
    check_data_type(made.data_type, made.type, made.value)
    _check_pattern(made)
    return made


def _type(given: str | None, old: Version | None) -> str:
    if old is None:
        if given is None:
            raise invalid("A parameter type is required when you create a parameter.")
        return given
    if given not in (None, old.type):
        raise ServiceError(
            "HierarchyTypeMismatchException",
            "Parameter Store doesn't support changing a parameter type in a hierarchy. For example,"
            " you can't change a parameter from a String type to a SecureString type. You must"
            " create a new, unique parameter.",
        )
    return old.type


def _check_value(value: str) -> None:
    if not value:
        raise invalid(
            "1 validation error detected: Value at 'value' failed to satisfy constraint: Member"
            " must have length greater than or equal to 1"
        )
    if _NESTED.search(value):
        raise invalid(
            'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.'
        )


def _tier(given: str | None, old: Version | None, value: str, has_policies: bool) -> str:
    was_advanced = old is not None and old.tier == ADVANCED
    needs_more = has_policies or len(value) > VALUE_MAX[STANDARD]
    tier = given or (ADVANCED if was_advanced else STANDARD)
    if tier == INTELLIGENT:
        tier = ADVANCED if was_advanced or needs_more else STANDARD
    if tier == STANDARD and was_advanced:
        raise invalid(
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from"
            " the advanced-parameter tier to the standard-parameter tier. If necessary, you can"
            " delete the advanced parameter and recreate it as a standard parameter."
        )
    if tier == STANDARD and has_policies:
        raise invalid("Parameter policies are only supported for parameters of the advanced tier.")
    if len(value) > VALUE_MAX[tier]:
        named = "Standard tier" if tier == STANDARD else "Advanced-tier"
        raise invalid(
            f"{named} parameters support a maximum parameter value of {VALUE_MAX[tier]} characters."
            + (_UPGRADE if tier == STANDARD else "")
        )
    return tier


def _check_pattern(made: Version) -> None:
    """The whole value must match; of a StringList, each of its items."""
    if not made.pattern:
        return
    try:
        pattern = re.compile(made.pattern)
    except (re.error, RecursionError, OverflowError):
        raise ServiceError(
            "InvalidAllowedPatternException",
            "The request doesn't meet the regular expression requirement.",
        ) from None
    items = made.value.split(",") if made.type == "StringList" else [made.value]
    if not all(pattern.fullmatch(item) for item in items):
        raise ServiceError(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {made.pattern}",
        )
