"""Message groups of FIFO queues in the store: when each may be received from next."""

from __future__ import annotations

from owari.services.sqs.core import Queue
from owari.store.tx import Tx

_IN_FLIGHT_MAX = 10  # of one group: a receive takes as many, and the group is blocked meanwhile


def joined(tx: Tx, queue: Queue, group: str, visible_at: float, seq: int) -> None:
    """A message came. A group that has messages already stays as it is."""
    tx.run(
        "INSERT INTO sqs_group (pile, group_id, available_at, turn) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (pile, group_id) DO NOTHING",
        queue.pile,
        group,
        visible_at,
        seq,
    )


def settle(tx: Tx, queue: Queue, group: str) -> bool:
    """Its messages changed: a group waits for all that are in flight, else for its first one.

    True when it may be received from now.
    """
    head = tx.all(
        "SELECT seq, visible_at, receives FROM sqs_message WHERE pile = ? AND group_id = ?"
        " ORDER BY seq LIMIT ?",
        queue.pile,
        group,
        _IN_FLIGHT_MAX,
    )
    if not head:
        tx.run("DELETE FROM sqs_group WHERE pile = ? AND group_id = ?", queue.pile, group)
        return False
    flying = [r["visible_at"] for r in head if r["receives"] and r["visible_at"] > tx.now]
    at = max(flying, default=head[0]["visible_at"])
    tx.run(
        "UPDATE sqs_group SET available_at = ?, turn = ? WHERE pile = ? AND group_id = ?",
        at,
        head[0]["seq"],
        queue.pile,
        group,
    )
    return bool(at <= tx.now)


def available(tx: Tx, queue: Queue, most: int) -> list[str]:
    rows = tx.all(
        "SELECT group_id FROM sqs_group WHERE pile = ? AND available_at <= ?"
        " ORDER BY available_at, turn LIMIT ?",
        queue.pile,
        tx.now,
        most,
    )
    return [row["group_id"] for row in rows]


def next_available(tx: Tx, queue: Queue) -> float | None:
    row = tx.one(
        "SELECT MIN(available_at) AS at FROM sqs_group WHERE pile = ? AND available_at > ?",
        queue.pile,
        tx.now,
    )
    return row["at"] if row else None


def discard(tx: Tx, pile: int, most: int) -> int:
    return tx.run(
        "DELETE FROM sqs_group WHERE pile = ? AND group_id IN"
        " (SELECT group_id FROM sqs_group WHERE pile = ? LIMIT ?)",
        pile,
        pile,
        most,
    )
