"""Who may call a function URL, by the function's resource policy.

Source: Lambda developer guide, "Control access to Lambda function URLs". With AuthType NONE
somebody must have said that anyone may; with AWS_IAM the account's own principals may anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Statement = dict[str, Any]
_ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:*", "*")


def lets_in(statements: Sequence[Statement], auth_type: str, account: str | None) -> bool:
    """`account`: the caller's; None is anyone at all."""
    return any(_allows(statement, auth_type, account) for statement in statements)


def _allows(statement: Statement, auth_type: str, account: str | None) -> bool:
    principals = {"*"} if account is None else {"*", f"arn:aws:iam::{account}:root"}
    principal = statement["Principal"]
    who = principal if isinstance(principal, str) else principal.get("AWS")
    return (
        who in principals
        and statement["Action"] in _ACTIONS
        and all(_holds(c, auth_type) for c in statement.get("Condition", {}).items())
    )


def _holds(condition: tuple[str, dict[str, str]], auth_type: str) -> bool:
    """Conditions on what is not known here do not hold."""
    known = {"lambda:FunctionUrlAuthType": auth_type, "lambda:InvokedViaFunctionUrl": "true"}
    return all(known.get(key) == value for key, value in condition[1].items())
