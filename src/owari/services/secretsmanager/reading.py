"""The value of a version, as it is asked for; the day of it is noted."""

from __future__ import annotations

from typing import Any

from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import CURRENT, labels_of
from owari.services.secretsmanager.faults import bad_request, no_value
from owari.services.secretsmanager.records import Secret, Version
from owari.store.tx import Tx
from owari.wire.operation import Params

DAY_S = 86_400.0


def wanted(tx: Tx, secret: Secret, p: Params) -> Version:
    """Raises ResourceNotFoundException, InvalidRequestException."""
    id, label = p.get("VersionId"), p.get("VersionStage")
    if id is not None and label is not None and secret.stages.get(label) != id:
        if rows.version(tx, secret.name, id) is None:
            raise no_value(f"VersionId: {id}")
        raise bad_request(
            "You provided a VersionStage that is not associated to the provided VersionId."
        )
    held = id or secret.stages.get(label or CURRENT)
    found = rows.version(tx, secret.name, held) if held else None
    if found is None or not found.has_value:
        raise no_value(f"VersionId: {id}" if id else f"staging label: {label or CURRENT}")
    return found


def shown(secret: Secret, version: Version) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
        "CreatedDate": version.created,
    }
    if version.text is not None:
        made["SecretString"] = version.text
    else:
        made["SecretBinary"] = version.binary
    labels = labels_of(secret.stages, version.id)
    return made | ({"VersionStages": labels} if labels else {})


def is_noted(tx: Tx, secret: Secret, version: Version) -> bool:
    """Whether it is known that both were asked for today."""
    return secret.accessed == version.accessed == _today(tx)


def note(tx: Tx, secret: Secret, version: Version) -> None:
    secret.accessed = version.accessed = _today(tx)
    rows.save_version(tx, secret.name, version)
    rows.save(tx, secret)


def _today(tx: Tx) -> float:
    return tx.now - tx.now % DAY_S
