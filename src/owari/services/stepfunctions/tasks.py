"""Tasks that someone outside will report by token: callbacks and activities."""

from __future__ import annotations

from owari.services.stepfunctions.running import Running
from owari.store.tx import Row, Tx


def channel(activity: str) -> str:
    return f"stepfunctions.activity.{activity}"


def add(
    tx: Tx, r: Running, frame: str, token: str, *, activity: str | None = None, text: str = ""
) -> None:
    """An activity's task waits for a worker until it is taken."""
    tx.run(
        "INSERT INTO sfn_task (account, region, token, execution, frame, seq, activity, input)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        tx.account, tx.region, token, r.about.id, frame, tx.next_seq(), activity, text or None,
    )  # fmt: skip
    if activity is not None:
        tx.notify(channel(activity))


def find(tx: Tx, token: str) -> Row | None:
    return tx.one(
        "SELECT * FROM sfn_task WHERE account = ? AND region = ? AND token = ?",
        tx.account,
        tx.region,
        token,
    )


def next_of(tx: Tx, activity: str) -> Row | None:
    return tx.one("SELECT * FROM sfn_task WHERE activity = ? ORDER BY seq LIMIT 1", activity)


def taken(tx: Tx, token: str) -> None:
    """A worker has it: no other will get it."""
    tx.run(
        "UPDATE sfn_task SET activity = NULL, input = NULL"
        " WHERE account = ? AND region = ? AND token = ?",
        tx.account,
        tx.region,
        token,
    )


def remove(tx: Tx, token: str) -> None:
    tx.run(
        "DELETE FROM sfn_task WHERE account = ? AND region = ? AND token = ?",
        tx.account,
        tx.region,
        token,
    )
