"""Whether a policy document is one. Pure.

Source: IAM User Guide, "Grammar of the IAM JSON policy language"; the grammar's shape is
checked, not whether actions and resources exist.
"""

from __future__ import annotations

import json
from typing import Any

from owari.services.iam.faults import malformed

_VERSIONS = ("2012-10-17", "2008-10-17")


def check_permissions(text: str) -> None:
    """An identity-based policy: says what may be done to what, not by whom."""
    for statement in _statements(text, "Syntax errors in policy."):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise malformed("Policy document should not specify a principal.")
        if "Action" not in statement and "NotAction" not in statement:
            raise malformed("Policy statement must contain actions.")
        if "Resource" not in statement and "NotResource" not in statement:
            raise malformed("Policy statement must contain resources.")


def check_trust(text: str) -> None:
    """A role's trust policy: says who may assume it."""
    for statement in _statements(text, "This policy contains invalid Json"):
        if "Resource" in statement or "NotResource" in statement:
            raise malformed("Has prohibited field Resource")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise malformed("Missing required field Principal")
        if "Action" not in statement and "NotAction" not in statement:
            raise malformed("Missing required field Action")


def _statements(text: str, not_json: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise malformed(not_json) from None
    if not isinstance(document, dict):
        raise malformed(not_json)
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise malformed("The policy must contain a valid version string.")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise malformed("Syntax errors in policy.")
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise malformed("Syntax errors in policy.")
    return statements
