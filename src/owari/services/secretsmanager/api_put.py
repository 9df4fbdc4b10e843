"""PutSecretValue."""

from __future__ import annotations

from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import CURRENT, labels_of
from owari.services.secretsmanager.faults import bad_request
from owari.services.secretsmanager.lookup import existing
from owari.services.secretsmanager.values import add_version, has_value
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("secretsmanager", "PutSecretValue")
def put_secret_value(tx: Tx, p: Params) -> Result:
    secret = existing(tx, p["SecretId"])
    if not has_value(p):
        raise bad_request("You must provide either SecretString or SecretBinary.")
    id = add_version(tx, secret, p, p.get("VersionStages") or (CURRENT,))
    rows.save(tx, secret)
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": id,
        "VersionStages": labels_of(secret.stages, id),
    }
