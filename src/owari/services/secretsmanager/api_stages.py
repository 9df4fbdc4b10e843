"""UpdateSecretVersionStage: staging labels moved and taken away."""

from __future__ import annotations

from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import CURRENT, attach, labels_of
from owari.services.secretsmanager.faults import invalid
from owari.services.secretsmanager.lookup import existing
from owari.services.secretsmanager.records import Secret
from owari.services.secretsmanager.values import drop_deprecated
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("secretsmanager", "UpdateSecretVersionStage")
def update_secret_version_stage(tx: Tx, p: Params) -> Result:
    secret, label = existing(tx, p["SecretId"]), p["VersionStage"]
    to, away = p.get("MoveToVersionId"), p.get("RemoveFromVersionId")
    for id in filter(None, (to, away)):
        if rows.version(tx, secret.name, id) is None:
            raise invalid(f"Not a valid version: {id}")
    _check(secret, label, to, away)
    if to is not None:
        attach(secret.stages, label, to)
    elif away is not None:
        del secret.stages[label]
    secret.changed = tx.now
    drop_deprecated(tx, secret)
    rows.save(tx, secret)
    return {"ARN": secret.arn, "Name": secret.name}


def _check(secret: Secret, label: str, to: str | None, away: str | None) -> None:
    """Raises InvalidParameterException."""
    holder = secret.stages.get(label)
    if away is not None and label not in labels_of(secret.stages, away):
        raise invalid(f"Version stage {label} not found in version {away}")
    if to is not None and away is None and holder not in (None, to):
        raise invalid(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently"
            f" attached to version {holder}, so you must explicitly reference that version in"
            " RemoveFromVersionId."
        )
    if to is None and away is not None and label == CURRENT:
        raise invalid(
            f"You can only move staging label {CURRENT} to a different secret version. It can’t be"
            " completely removed."
        )
