"""UpdateSecret: its description, its key, its value."""

from __future__ import annotations

from owari.errors import not_implemented
from owari.services.secretsmanager import rows
from owari.services.secretsmanager.lookup import existing
from owari.services.secretsmanager.values import add_version, has_value
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("secretsmanager", "UpdateSecret")
def update_secret(tx: Tx, p: Params) -> Result:
    if p.get("Type"):
        raise not_implemented("secretsmanager", "UpdateSecret with Type")
    secret = existing(tx, p["SecretId"])
    secret.description = p.get("Description", secret.description)
    secret.key = p.get("KmsKeyId", secret.key)
    secret.changed = tx.now
    made = {"VersionId": add_version(tx, secret, p)} if has_value(p) else {}
    rows.save(tx, secret)
    return {"ARN": secret.arn, "Name": secret.name} | made
