"""The wishes of ECS that are carried out in a transaction of their own."""

from __future__ import annotations

from owari.effects import ReplyTo, Wake
from owari.services.ecs.service_rows import services_in
from owari.store import outbox
from owari.store.tx import Tx


def ask_for_room(tx: Tx) -> None:
    """Tasks may have come, or room may have become free."""
    to = ReplyTo("ecs", "admit", "")
    if not outbox.waiting_for(tx.connection, to):
        tx.emit(Wake(), reply_to=to, account="000000000000", principal="ecs.amazonaws.com")


def look_after(tx: Tx, account: str, region: str, service: str, due: float | None = None) -> None:
    """See to it that a service (`cluster/name`) has the tasks it wants, at `due` or at once."""
    to = ReplyTo("ecs", "service", service)
    soonest = tx.now if due is None else due
    for envelope in outbox.waiting_for(tx.connection, to):
        if (envelope.account, envelope.region) == (account, region):
            if envelope.due <= soonest:
                return
            tx.cancel(envelope.id)
    tx.emit(
        Wake(),
        due=soonest,
        reply_to=to,
        account=account,
        region=region,
        principal="ecs.amazonaws.com",
    )


def placing_changed(tx: Tx, cluster: str) -> None:
    """What could not be placed on the cluster's instance may be now, or the other way round."""
    ask_for_room(tx)
    for service in services_in(tx, cluster):
        look_after(tx, tx.account, tx.region, f"{cluster}/{service.name}")
