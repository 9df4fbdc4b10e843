"""A new version of a secret: its value and its staging labels. Same token, same version."""

from __future__ import annotations

from collections.abc import Iterable

from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import CURRENT, attach, labels_of
from owari.services.secretsmanager.faults import exists, invalid
from owari.services.secretsmanager.records import Secret, Version
from owari.store.tx import Tx
from owari.wire.operation import Params

VALUE_MAX_BYTES = 65_536
VERSIONS_KEPT = 100
KEPT_AT_LEAST_S = 86_400.0
VERSIONS_MAX = 1_000  # ours: whoever puts more a day than this loses the oldest unlabelled ones


def has_value(p: Params) -> bool:
    """Raises InvalidParameterException."""
    text, binary = p.get("SecretString"), p.get("SecretBinary")
    if text is not None and binary is not None:
        raise invalid(
            "You can't specify both a binary secret value and a string secret value in the same"
            " secret."
        )
    if text is not None and len(text.encode()) > VALUE_MAX_BYTES:
        raise invalid(f"A secret value can have at most {VALUE_MAX_BYTES} bytes.")
    return text is not None or binary is not None


def add_version(tx: Tx, secret: Secret, p: Params, labels: Iterable[str] = (CURRENT,)) -> str:
    """The id of the version with the value of `p`; the secret is to be saved afterwards.

    Raises ResourceExistsException, LimitExceededException.
    """
    id = p.get("ClientRequestToken") or tx.new_id()
    made = Version(id, tx.now, secret.key, p.get("SecretString"), p.get("SecretBinary"))
    old = rows.version(tx, secret.name, id)
    if old is not None and old.has_value:
        if (old.text, old.binary) != (made.text, made.binary):
            raise exists(
                f"You can't use ClientRequestToken {id} because that value is already in use for a"
                f" version of secret {secret.arn}."
            )
        return id
    rows.save_version(tx, secret.name, made)
    for label in labels if CURRENT in secret.stages else dict.fromkeys([CURRENT, *labels]):
        attach(secret.stages, label, id)
    secret.changed = tx.now
    drop_deprecated(tx, secret)
    return id


def drop_deprecated(tx: Tx, secret: Secret) -> None:
    """Versions without a label go: at once if they have no value, else when there are too many."""
    found = rows.heads(tx, secret.name)
    excess = len(found) - VERSIONS_KEPT
    for version in found:
        if labels_of(secret.stages, version.id):
            continue
        is_old = version.created <= tx.now - KEPT_AT_LEAST_S
        too_many = excess > 0 and (is_old or excess > VERSIONS_MAX - VERSIONS_KEPT)
        if too_many or not version.has_value:
            rows.delete_version(tx, secret.name, version.id)
            excess -= 1
