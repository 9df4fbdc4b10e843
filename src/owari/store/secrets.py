"""Secrets of a container: values of Secrets Manager and the parameter store, where those exist.

Sources: Batch user guide and ECS developer guide, "Specify sensitive data".
"""

from __future__ import annotations

import json
from typing import Any

from owari.arn import parse_arn
from owari.errors import ServiceError
from owari.store.tx import Tx


class SecretsMissing(Exception):
    """A container does not start without its secrets."""


def secrets_of(tx: Tx, container: dict[str, Any]) -> dict[str, str]:
    """Environment variables. Raises SecretsMissing, worded as ECS words it."""
    return {s["name"]: _value(tx, s["valueFrom"]) for s in container.get("secrets", ())}


def _value(tx: Tx, source: str) -> str:
    arn = parse_arn(source)
    try:
        if arn is not None and arn.service == "secretsmanager":
            return _of_secret(tx, source)
        name = "/" + arn.resource.removeprefix("parameter/").lstrip("/") if arn else source
        answer = tx.call("ssm", "GetParameter", {"Name": name, "WithDecryption": True})
        return str(answer["Parameter"]["Value"])
    except (ServiceError, KeyError, ValueError) as error:
        raise SecretsMissing(
            "ResourceInitializationError: unable to pull secrets or registry auth:"
            f" {source}: {error}"
        ) from None


def _of_secret(tx: Tx, source: str) -> str:
    """An ARN may name a key of the secret's JSON: `arn…:secret:NAME:KEY:STAGE:VERSION`."""
    head, *rest = source.split(":secret:", 1)
    name, *selectors = rest[0].split(":")
    answer = tx.call("secretsmanager", "GetSecretValue", {"SecretId": f"{head}:secret:{name}"})
    text = str(answer["SecretString"])
    return str(json.loads(text)[selectors[0]]) if selectors and selectors[0] else text
