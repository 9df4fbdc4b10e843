"""Bucket policies: well-formed? public? Source: IAM User Guide, "JSON policy element reference";
S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from owari.errors import ServiceError

POLICY_MAX_BYTES = 20 * 1024
# A condition on one of these, without wildcards, makes a statement for everyone not public.
_FIXING = {
    "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
    "aws:userid", "aws:principalorgid", "aws:principalarn", "aws:sourceip", "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
}  # fmt: skip


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicy", message, status=400)


def parse(text: str, bucket: str) -> dict[str, Any]:
    """The policy document. Raises MalformedPolicy."""
    if len(text.encode()) > POLICY_MAX_BYTES:
        raise ServiceError(
            "PolicyTooLarge", "Policy exceeds the maximum allowed document size.", status=400
        )
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    if document.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        raise _malformed("The policy must contain a valid version string")
    found = statements(document)
    if not found:
        raise _malformed("Could not parse the policy: Statement is empty!")
    for statement in found:
        _check(statement, bucket)
    return document


def statements(document: Mapping[str, Any]) -> list[Any]:
    found = document.get("Statement") or []
    return found if isinstance(found, list) else [found]


def _check(statement: Any, bucket: str) -> None:
    if not isinstance(statement, dict):
        raise _malformed("Policy has invalid statement")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed(f"Invalid effect: {statement.get('Effect')}")
    if "Principal" not in statement and "NotPrincipal" not in statement:
        raise _malformed("Missing required field Principal")
    if not _is_principal(statement.get("Principal", statement.get("NotPrincipal"))):
        raise _malformed("Invalid principal in policy")
    if not _is_condition(statement.get("Condition", {})):
        raise _malformed("Policy has invalid condition")
    if "Action" not in statement and "NotAction" not in statement:
        raise _malformed("Missing required field Action")
    for action in _listed(statement.get("Action", [])):
        if not isinstance(action, str) or not (action == "*" or action.startswith("s3:")):
            raise _malformed("Policy has invalid action")
    resources = _listed(statement.get("Resource", statement.get("NotResource", [])))
    if not resources:
        raise _malformed("Missing required field Resource")
    own = f"arn:aws:s3:::{bucket}"
    for resource in resources:
        if not isinstance(resource, str) or not (resource == own or resource.startswith(own + "/")):
            raise _malformed("Policy has invalid resource")


def _is_principal(value: Any) -> bool:
    if isinstance(value, dict):
        named = ("AWS", "Service", "Federated", "CanonicalUser")
        return bool(value) and all(
            kind in named and all(isinstance(one, str) for one in _listed(ones))
            for kind, ones in value.items()
        )
    return bool(value == "*")


def _is_condition(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(tests, dict) for tests in value.values())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_public(document: dict[str, Any]) -> bool:
    return any(_is_public(s) for s in statements(document) if s.get("Effect") == "Allow")


def _is_public(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = principal.get("AWS")
    if "*" not in _listed(principal):
        return False
    for tests in (statement.get("Condition") or {}).values():
        for name, values in tests.items():
            plain = all("*" not in str(v) and str(v) != "0.0.0.0/0" for v in _listed(values))
            if name.lower() in _FIXING and plain:
                return False
    return True
