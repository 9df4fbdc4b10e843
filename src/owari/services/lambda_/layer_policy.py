"""Policies of layer versions: who else may use one. Source: AddLayerVersionPermission."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from owari.services.lambda_.faults import constraint, invalid

Statement = dict[str, Any]


def statement(p: Mapping[str, Any], resource: str) -> Statement:
    """The policy statement that AddLayerVersionPermission's parameters ask for."""
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", p["StatementId"]):
        raise constraint(
            p["StatementId"],
            "statementId",
            "satisfy regular expression pattern: ([a-zA-Z0-9-_]+)",
        )
    if p["Action"] != "lambda:GetLayerVersion":
        raise constraint(
            p["Action"], "action", "satisfy regular expression pattern: lambda:GetLayerVersion"
        )
    organisation = p.get("OrganizationId")
    if organisation and p["Principal"] != "*":
        raise invalid("To give access to an organization, the principal must be *.")
    made: Statement = {
        "Sid": p["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(p["Principal"]),
        "Action": p["Action"],
        "Resource": resource,
    }
    if organisation:
        made["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organisation}}
    return made


def _principal(text: str) -> str | dict[str, str]:
    if text == "*":
        return "*"
    account = re.fullmatch(r"(?:arn:aws[a-zA-Z-]*:iam::)?(\d{12})(?::root)?", text)
    if account is None:
        raise invalid(
            "The provided principal was invalid. Please check the principal and try again."
        )
    return {"AWS": f"arn:aws:iam::{account[1]}:root"}


def lets_in(statements: Sequence[Statement], account: str) -> bool:
    """Whether another account may use the layer; membership of an organization is not known."""
    everyone = ("*", {"AWS": f"arn:aws:iam::{account}:root"})
    return any(s["Principal"] in everyone and "Condition" not in s for s in statements)
