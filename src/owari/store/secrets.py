"""Secrets of a container: values of Secrets Manager and of the parameter store.

Sources: Batch user guide and ECS developer guide, "Specify sensitive data"; what is missing is
worded as the ECS agent words it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from owari.arn import parse_arn
from owari.errors import ServiceError
from owari.store.tx import Tx

_SELECTORS = ":secret:"


class SecretsMissing(Exception):
    """A container does not start without its secrets."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution"
            f" resource retrieval failed: unable to retrieve {what}: service call has been retried"
            f" 1 time(s): {why}"
        )


def secrets_of(tx: Tx, container: dict[str, Any]) -> dict[str, str]:
    """Environment variables. Raises SecretsMissing."""
    return {s["name"]: _value(tx, s["valueFrom"]) for s in container.get("secrets", ())}


def _value(tx: Tx, source: str) -> str:
    """Of the region that an ARN names."""
    arn = parse_arn(source)
    there = tx if arn is None else replace(tx, region=arn.region)
    if arn is not None and arn.service == "secretsmanager":
        return _of_secret(there, source)
    return _of_parameter(there, source)


def _of_parameter(tx: Tx, source: str) -> str:
    try:
        answer = tx.call("ssm", "GetParameter", {"Name": source, "WithDecryption": True})
    except ServiceError as error:
        is_missing = error.code in ("ParameterNotFound", "ParameterVersionNotFound")
        why = f"invalid ssm parameters: {source}" if is_missing else str(error)
        raise SecretsMissing("secrets from ssm", why) from None
    return str(answer["Parameter"]["Value"])


@dataclass(frozen=True, slots=True)
class _Asked:
    """`arn:…:secret:NAME[:JSON_KEY:VERSION_STAGE:VERSION_ID]`, each part but the name may be ''."""

    arn: str
    key: str = ""
    stage: str = ""
    version: str = ""


def _asked(source: str) -> _Asked | None:
    head, _, rest = source.partition(_SELECTORS)
    name, *selectors = rest.split(":")
    return _Asked(f"{head}{_SELECTORS}{name}", *selectors) if len(selectors) in (0, 3) else None


def _of_secret(tx: Tx, source: str) -> str:
    asked = _asked(source)
    if asked is None:
        raise _no_secret("unexpected ARN format with parameters when trying to retrieve ASM secret")
    params = {"SecretId": asked.arn}
    params |= {"VersionStage": asked.stage} if asked.stage else {}
    params |= {"VersionId": asked.version} if asked.version else {}
    try:
        answer = tx.call("secretsmanager", "GetSecretValue", params)
    except ServiceError as error:
        raise _no_secret(
            f"failed to fetch secret {asked.arn} from secrets manager: {error}"
        ) from None
    if "SecretString" not in answer:
        raise _no_secret(f"the secret {asked.arn} is binary: it can't be a variable")
    text = str(answer["SecretString"])
    return _of_key(text, asked.key) if asked.key else text


def _of_key(text: str, key: str) -> str:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise _no_secret(f"the secret is not JSON: {error}") from None
    if not isinstance(found, dict) or key not in found:
        raise _no_secret(f"retrieved secret from Secrets Manager did not contain json key {key}")
    return found[key] if isinstance(found[key], str) else json.dumps(found[key])


def _no_secret(why: str) -> SecretsMissing:
    return SecretsMissing("secret from asm", why)
