"""GetSecretValue. It reads, but for the first time in a day."""

from __future__ import annotations

from owari.services.secretsmanager.lookup import existing
from owari.services.secretsmanager.reading import is_noted, note, shown, wanted
from owari.store.tx import Tx
from owari.wire.operation import Answer, InWriter, Params, operation


@operation("secretsmanager", "GetSecretValue", reads=True)
def get_secret_value(tx: Tx, p: Params) -> Answer:
    secret = existing(tx, p["SecretId"])
    version = wanted(tx, secret, p)
    if not is_noted(tx, secret, version):
        if tx.is_reading:
            return InWriter()
        note(tx, secret, version)
    return shown(secret, version)
