"""The one wake-up a secret has, and everything that is under way for it."""

from __future__ import annotations

from owari.effects import ReplyTo, Wake
from owari.services.secretsmanager.records import Secret
from owari.services.secretsmanager.schedule import next_window
from owari.store.tx import Tx


def set_timer(tx: Tx, secret: Secret, after: float) -> None:
    """For the next rotation, within its window at a time that chance decides; `after` is when
    the last one was. To be saved afterwards."""
    _take_back(tx, secret)
    r = secret.rotation
    if r is None:
        return
    window = next_window(r.rules, after) if r.enabled and r.rules else None
    if window is None:
        r.due_by = None
        return
    start, length_s = window
    r.due_by = start + length_s
    secret.timer = tx.emit(
        Wake(),
        due=max(start, tx.now) + tx.random.random() * length_s,
        reply_to=ReplyTo("secretsmanager", "rotation", secret.name),
        principal="secretsmanager.amazonaws.com",
    )


def rest(tx: Tx, secret: Secret) -> None:
    """Nothing is due any more and no function is called; labels stay as they are."""
    _take_back(tx, secret)
    if secret.rotating is not None:
        tx.cancel(secret.rotating.effect)
        secret.rotating = None


def _take_back(tx: Tx, secret: Secret) -> None:
    if secret.timer is not None:
        tx.cancel(secret.timer)
        secret.timer = None
