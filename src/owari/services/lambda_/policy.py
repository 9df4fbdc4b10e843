"""Resource policies: who else may invoke a function. Statements as AddPermission makes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from owari.errors import ServiceError
from owari.services.lambda_.faults import USER, constraint, invalid

POLICY_MAX_BYTES = 20 * 1024
_ACTION_PATTERN = r"(lambda:[*]|lambda:[a-zA-Z]+|[*])"
_SID_PATTERN = r"([a-zA-Z0-9-_]+)"
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.(amazonaws\.com(\.cn)?|amazon\.com)|alexa-.*")
_ARN = re.compile(r"arn:aws[a-zA-Z-]*:(iam|sts)::(\d{12}|cloudfront):.+")

Statement = dict[str, Any]


def statement(p: Mapping[str, Any], resource: str) -> Statement:
    """The policy statement that AddPermission's parameters `p` ask for."""
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", p["StatementId"]):
        raise constraint(
            p["StatementId"], "statementId", f"satisfy regular expression pattern: {_SID_PATTERN}"
        )
    if not re.fullmatch(_ACTION_PATTERN, p["Action"]):
        raise constraint(
            p["Action"], "action", f"satisfy regular expression pattern: {_ACTION_PATTERN}"
        )
    made: Statement = {
        "Sid": p["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(p["Principal"]),
        "Action": p["Action"],
        "Resource": resource,
    }
    condition = _condition(p)
    return made | {"Condition": condition} if condition else made


def _principal(text: str) -> str | dict[str, str]:
    if text == "*":
        return "*"
    if re.fullmatch(r"\d{12}", text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _ARN.fullmatch(text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise invalid("The provided principal was invalid. Please check the principal and try again.")


def _condition(p: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    equals = {
        "AWS:SourceAccount": p.get("SourceAccount"),
        "lambda:EventSourceToken": p.get("EventSourceToken"),
        "lambda:FunctionUrlAuthType": p.get("FunctionUrlAuthType"),
        "aws:PrincipalOrgID": p.get("PrincipalOrgID"),
    }
    condition: dict[str, dict[str, Any]] = {}
    if given := {key: value for key, value in equals.items() if value}:
        condition["StringEquals"] = given
    if p.get("InvokedViaFunctionUrl") is not None:
        via = "true" if p["InvokedViaFunctionUrl"] else "false"
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": via}
    if p.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": p["SourceArn"]}
    return condition


def document(statements: Sequence[Statement]) -> str:
    """The policy as GetPolicy shows it. Raises PolicyLengthExceededException over 20 KiB."""
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements)}
    text = json.dumps(policy, separators=(",", ":"))
    if len(text.encode()) > POLICY_MAX_BYTES:
        raise ServiceError(
            "PolicyLengthExceededException",
            f"The final policy size ({len(text.encode())}) is bigger than the limit"
            f" ({POLICY_MAX_BYTES}).",
            status=400,
            fields=dict(USER),
        )
    return text
