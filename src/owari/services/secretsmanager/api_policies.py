"""Resource policies of secrets: put, got, deleted, looked over."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.secretsmanager import rows
from owari.services.secretsmanager.documents import is_public, syntax_error
from owari.services.secretsmanager.faults import invalid, missing
from owari.services.secretsmanager.lookup import existing
from owari.services.secretsmanager.records import Secret
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

DEFAULT = "default"
_TOO_BROAD = "The resource policy grants a wide range of principals access to your secret."


def _named(secret: Secret, **more: Any) -> dict[str, Any]:
    return {"ARN": secret.arn, "Name": secret.name, "PolicyName": DEFAULT, **more}


def _check_policy_name(p: Params) -> None:
    if p.get("PolicyName", DEFAULT) != DEFAULT:
        raise invalid(f"The only policy name there is is {DEFAULT}.")


@operation("secretsmanager", "PutResourcePolicy")
def put_resource_policy(tx: Tx, p: Params) -> Result:
    _check_policy_name(p)
    secret, text = existing(tx, p["SecretId"]), p["ResourcePolicy"]
    if problem := syntax_error(text):
        raise ServiceError("MalformedPolicyDocumentException", problem)
    if p.get("BlockPublicPolicy") and is_public(text):
        raise ServiceError("PublicPolicyException", _TOO_BROAD)
    secret.policy = text
    rows.save(tx, secret)
    return _named(secret)


@operation("secretsmanager", "GetResourcePolicy", reads=True)
def get_resource_policy(tx: Tx, p: Params) -> Result:
    secret = existing(tx, p["SecretId"])
    if p.get("PolicyName", DEFAULT) != DEFAULT:
        raise missing("Secrets Manager can't find the specified resource policy.")
    return _named(secret, **({"ResourcePolicy": secret.policy} if secret.policy else {}))


@operation("secretsmanager", "DeleteResourcePolicy")
def delete_resource_policy(tx: Tx, p: Params) -> Result:
    _check_policy_name(p)
    secret = existing(tx, p["SecretId"])
    secret.policy = ""
    rows.save(tx, secret)
    return _named(secret)


@operation("secretsmanager", "ValidateResourcePolicy", reads=True)
def validate_resource_policy(tx: Tx, p: Params) -> Result:
    if p.get("SecretId"):
        existing(tx, p["SecretId"])
    text = p["ResourcePolicy"]
    problem = syntax_error(text)
    errors = [{"CheckName": "Syntax", "ErrorMessage": problem}] if problem else []
    if not problem and is_public(text):
        errors = [{"CheckName": "PublicAccess", "ErrorMessage": _TOO_BROAD}]
    return {"PolicyValidationPassed": not errors, "ValidationErrors": errors}
