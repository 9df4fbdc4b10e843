"""Starting a durable execution."""

from __future__ import annotations

from typing import Any

from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.history import execution_started
from owari.services.lambda_.durable.rows import Execution
from owari.services.lambda_.durable.turns import Turn
from owari.services.lambda_.spec import Deployed
from owari.store.tx import Tx


def start(
    tx: Tx,
    found: Deployed,
    qualifier: str,
    settings: dict[str, Any],
    payload: str,
    *,
    origin: str,
    name: str | None = None,
    parent: str | None = None,
    principal: str | None = None,
    trace: str | None = None,
) -> Execution:
    """`settings` is the function's DurableConfig; the execution keeps to it to its end, as to
    the version of the function."""
    rows.forget_namesake(tx, found.name, name)
    run = tx.new_id()
    e = Execution(
        account=tx.account,
        region=tx.region,
        id=tx.next_seq(),
        function=found.name,
        version=found.version,
        qualifier=qualifier,
        name=name or run,
        run=tx.new_id(),
        origin=origin,
        request=tx.request_id,
        parent=parent,
        principal=principal or tx.principal,
        trace=trace or tx.trace,
        started=tx.now,
        timeout_s=settings["ExecutionTimeout"],
        retention_days=settings["RetentionPeriodInDays"],
        size=len(payload.encode()),
    )
    rows.add(tx, e)
    rows.put_text(tx, e.id, "input", payload)
    turn = Turn(tx, e)
    turn.events.append(execution_started(e.run, e.name, payload, e.timeout_s, tx.now))
    turn.invoke()
    turn.close()
    return e
