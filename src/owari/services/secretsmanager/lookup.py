"""The secret that is meant, by its name, its ARN, or an ARN without the six characters."""

from __future__ import annotations

from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import name_in
from owari.services.secretsmanager.faults import marked_for_deletion, missing
from owari.services.secretsmanager.records import Secret
from owari.store.tx import Tx


def find(tx: Tx, id: str) -> Secret | None:
    """Raises ResourceNotFoundException for an ARN of elsewhere."""
    if not id.startswith("arn:"):
        return rows.find(tx, id)
    name = name_in(id, tx.account, tx.region)
    return rows.find_by_arn(tx, id) or rows.find(tx, name)


def known(tx: Tx, id: str) -> Secret:
    """One that is to be deleted, too. Raises ResourceNotFoundException."""
    found = find(tx, id)
    if found is None:
        raise missing()
    return found


def existing(tx: Tx, id: str) -> Secret:
    """Raises ResourceNotFoundException, InvalidRequestException."""
    found = known(tx, id)
    if found.deletes is not None:
        raise marked_for_deletion()
    return found
