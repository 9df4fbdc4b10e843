"""CreateSecret."""

from __future__ import annotations

from typing import Any

from owari.errors import not_implemented
from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import SUFFIX_LENGTH, SUFFIX_LETTERS, arn_of, check_name
from owari.services.secretsmanager.faults import bad_request, exists
from owari.services.secretsmanager.records import Secret
from owari.services.secretsmanager.tags import new_tags
from owari.services.secretsmanager.values import add_version, has_value
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_BEYOND = ("AddReplicaRegions", "CrossAccountPrimaryARN", "Type")


@operation("secretsmanager", "CreateSecret")
def create_secret(tx: Tx, p: Params) -> Result:
    for name in _BEYOND:
        if p.get(name):
            raise not_implemented("secretsmanager", f"CreateSecret with {name}")
    name, valued = check_name(p["Name"]), has_value(p)
    found = rows.find(tx, name)
    if found is not None:
        return _again(tx, found, p)
    secret = Secret(
        name, new_arn(tx, name), tx.now, tx.now, p.get("Description", ""), p.get("KmsKeyId", "")
    )
    tx.resources.created(secret.arn, "AWS::SecretsManager::Secret", new_tags(p.get("Tags", [])))
    id = add_version(tx, secret, p) if valued else None
    rows.save(tx, secret)
    return _answer(secret, id)


def _again(tx: Tx, secret: Secret, p: Params) -> dict[str, Any]:
    """The same request once more is the same secret."""
    if secret.deletes is not None:
        raise bad_request(
            "You can't create this secret because a secret with this name is already scheduled for"
            " deletion."
        )
    token = p.get("ClientRequestToken")
    old = rows.version(tx, secret.name, token) if token else None
    if old is None or (old.text, old.binary) != (p.get("SecretString"), p.get("SecretBinary")):
        raise exists(f"The operation failed because the secret {secret.name} already exists.")
    return _answer(secret, old.id)


def _answer(secret: Secret, id: str | None) -> dict[str, Any]:
    return {"ARN": secret.arn, "Name": secret.name} | ({"VersionId": id} if id else {})


def new_arn(tx: Tx, name: str) -> str:
    suffix = "".join(tx.random.choice(SUFFIX_LETTERS) for _ in range(SUFFIX_LENGTH))
    return arn_of(tx.account, tx.region, name, suffix)
