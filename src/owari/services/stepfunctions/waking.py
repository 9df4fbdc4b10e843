"""Wakes of an execution: found again by what they are for, so that no id need be kept."""

from __future__ import annotations

from owari.effects import ReplyTo, Wake
from owari.services.stepfunctions.running import Running
from owari.store import outbox
from owari.store.tx import Tx


def key_of(r: Running, *parts: str) -> str:
    return "|".join((str(r.about.id), *parts))


def parts_of(key: str) -> tuple[int, list[str]]:
    """The execution's id, and what else the key says."""
    execution, *parts = key.split("|")
    return int(execution), parts


def wake_at(tx: Tx, r: Running, topic: str, due: float, *parts: str) -> None:
    reply = ReplyTo("stepfunctions", topic, key_of(r, *parts))
    tx.emit(Wake(), due=due, reply_to=reply, principal=r.about.principal)


def cancel_wake(tx: Tx, r: Running, topic: str, *parts: str) -> None:
    reply = ReplyTo("stepfunctions", topic, key_of(r, *parts))
    for envelope in outbox.waiting_for(tx.connection, reply):
        tx.cancel(envelope.id)
