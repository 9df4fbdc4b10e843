"""Telling those outside who wait for an execution's end."""

from __future__ import annotations

from owari.effects import ReplyTo, Wake
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.running import Running
from owari.services.stepfunctions.synchronous import watchers
from owari.store.tx import Tx


def sync_channel(account: str, request: str) -> str:
    return f"stepfunctions.sync.{account}.{request}"


def ended(tx: Tx, r: Running) -> None:
    e = r.execution
    if r.about.request is not None:
        _tell_caller(tx, r, r.about.request)
    if r.about.express or r.about.map_run is not None:
        return
    for row in watchers(tx, e.arn):
        reply = ReplyTo("stepfunctions", "watched", f"{row['waiting']}|{e.arn}")
        tx.emit(Wake(), reply_to=reply)


def _tell_caller(tx: Tx, r: Running, request: str) -> None:
    """StartSyncExecution's: what it has to answer."""
    e = r.execution
    row = tx.one(
        "SELECT result FROM sfn_sync WHERE account = ? AND request = ?", tx.account, request
    )
    if row is None:
        return
    ended = {"status": e.status, "output": e.output, "error": e.error, "cause": e.cause}
    tx.run(
        "UPDATE sfn_sync SET result = ? WHERE account = ? AND request = ?",
        dumps({**loads(row["result"]), **ended, "stopDate": tx.now}),
        tx.account,
        request,
    )
    tx.notify(sync_channel(tx.account, request))
