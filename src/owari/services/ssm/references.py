"""Secrets of Secrets Manager, asked for as parameters: `/aws/reference/secretsmanager/NAME`.

Source: Systems Manager user guide, "Referencing AWS Secrets Manager secrets from Parameter Store
parameters".
"""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.ssm.core import OF_SECRETS, arn_of
from owari.services.ssm.faults import invalid, not_found
from owari.services.ssm.records import SECURE
from owari.store.encode import dumps
from owari.store.tx import Tx

_UUID_LENGTH = 32  # at least: shorter selectors are staging labels


def secret_as_parameter(tx: Tx, name: str, decrypted: bool) -> dict[str, Any]:
    """Raises ValidationException, ParameterNotFound."""
    if not decrypted:
        raise invalid("WithDecryption flag must be True for retrieving a Secret Manager secret.")
    secret, colon, selector = name.removeprefix(OF_SECRETS).partition(":")
    asked = {"SecretId": secret}
    if selector:
        asked["VersionId" if len(selector) >= _UUID_LENGTH else "VersionStage"] = selector
    try:
        found = tx.call("secretsmanager", "GetSecretValue", asked)
    except ServiceError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise not_found(
            "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret"
            f" {OF_SECRETS}{secret} not found."
        ) from None
    if "SecretString" not in found:
        raise invalid(f"The secret {secret} is binary: it can't be referenced as a parameter.")
    made = {
        "Name": f"{OF_SECRETS}{secret}",
        "Type": SECURE,
        "Value": found["SecretString"],
        "Version": 0,
        "SourceResult": dumps({n: v for n, v in found.items() if n != "SecretBinary"}),
        "LastModifiedDate": found["CreatedDate"],
        "ARN": arn_of(tx.account, tx.region, f"{OF_SECRETS}{secret}"),
    }
    return made | ({"Selector": colon + selector} if selector else {})
