"""The end of a secret: with a window to recover it, or at once."""

from __future__ import annotations

from owari.effects import ReplyTo, Report, Wake
from owari.services.secretsmanager import rows
from owari.services.secretsmanager.records import Secret
from owari.services.secretsmanager.timing import rest
from owari.store.tx import Tx
from owari.wire.operation import reaction


def schedule(tx: Tx, secret: Secret, due: float) -> None:
    """To be saved afterwards."""
    rest(tx, secret)
    secret.deletes = due
    secret.timer = tx.emit(
        Wake(),
        due=due,
        reply_to=ReplyTo("secretsmanager", "deletion", secret.name),
        principal="secretsmanager.amazonaws.com",
    )


def purge(tx: Tx, secret: Secret) -> None:
    rest(tx, secret)
    rows.delete(tx, secret.name)
    tx.resources.deleted(secret.arn)


@reaction("secretsmanager", "deletion")
def on_deletion_due(tx: Tx, report: Report) -> None:
    secret = rows.find(tx, report.key)
    if secret is not None and secret.timer == report.effect_id:
        purge(tx, secret)
