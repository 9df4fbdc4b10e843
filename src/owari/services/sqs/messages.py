"""Messages in the store."""

from __future__ import annotations

from typing import Any, NamedTuple

from owari.services.sqs.answering import Received
from owari.services.sqs.core import Queue
from owari.services.sqs.receipts import Receipt
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx


class Sent(NamedTuple):
    """A message as it enters its queue; column by column."""

    seq: int
    visible_at: float
    sent: float
    id: str
    sender: str
    group: str | None
    deduplication: str | None
    trace: str | None
    attributes: dict[str, Any] | None
    body: str


def insert(tx: Tx, queue: Queue, m: Sent) -> None:
    tx.run(
        "INSERT INTO sqs_message (pile, seq, visible_at, receives, before, sent, id, sender,"
        " group_id, deduplication, trace, attributes, body)"
        " VALUES (?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?)",
        queue.pile,
        m.seq,
        m.visible_at,
        m.sent,
        m.id,
        m.sender,
        m.group,
        m.deduplication,
        m.trace,
        dumps(m.attributes) if m.attributes else None,
        m.body,
    )


# ---- looking
def available(tx: Tx, queue: Queue, most: int) -> list[Row]:
    """The messages that may be had now, the longest visible first."""
    return tx.all(
        "SELECT * FROM sqs_message WHERE pile = ? AND visible_at <= ?"
        " ORDER BY visible_at, seq LIMIT ?",
        queue.pile,
        tx.now,
        most,
    )


def of_group(tx: Tx, queue: Queue, group: str, most: int) -> list[Row]:
    """The first messages of a group, in order, whatever their state."""
    return tx.all(
        "SELECT * FROM sqs_message WHERE pile = ? AND group_id = ? ORDER BY seq LIMIT ?",
        queue.pile,
        group,
        most,
    )


def find(tx: Tx, queue: Queue, seq: int) -> Row | None:
    return tx.one("SELECT * FROM sqs_message WHERE pile = ? AND seq = ?", queue.pile, seq)


def next_visible(tx: Tx, queue: Queue) -> float | None:
    """When the next delayed or received message is visible again."""
    row = tx.one(
        "SELECT MIN(visible_at) AS at FROM sqs_message WHERE pile = ? AND visible_at > ?",
        queue.pile,
        tx.now,
    )
    return row["at"] if row else None


# ---- counting: exact, from the index alone
def visible_count(tx: Tx, queue: Queue) -> int:
    return _count(tx, queue, "visible_at <= ?")


def in_flight_count(tx: Tx, queue: Queue) -> int:
    return _count(tx, queue, "visible_at > ? AND receives > 0")


def delayed_count(tx: Tx, queue: Queue) -> int:
    return _count(tx, queue, "visible_at > ? AND receives = 0")


def _count(tx: Tx, queue: Queue, condition: str) -> int:
    row = tx.one(
        f"SELECT COUNT(*) AS n FROM sqs_message WHERE pile = ? AND {condition} AND sent > ?",
        queue.pile,
        tx.now,
        queue.expired_before(tx.now),
    )
    return row["n"] if row else 0


# ---- changing
def receive(tx: Tx, queue: Queue, rows: list[Row], visible_at: float) -> list[Received]:
    """Count one more receive of each and hide them until `visible_at`."""
    if not rows:
        return []
    places = ", ".join("?" * len(rows))
    tx.run(
        "UPDATE sqs_message SET visible_at = ?, receives = receives + 1, received = ?,"
        f" first_received = COALESCE(first_received, ?) WHERE pile = ? AND seq IN ({places})",
        visible_at,
        tx.now,
        tx.now,
        queue.pile,
        *(row["seq"] for row in rows),
    )
    return [received(row, row["receives"] + 1, tx.now) for row in rows]


def received(row: Row, receives: int, now: float) -> Received:
    return Received(
        seq=row["seq"],
        id=row["id"],
        body=row["body"],
        attributes=loads(row["attributes"]) if row["attributes"] else {},
        trace=row["trace"],
        sender=row["sender"],
        sent=row["sent"],
        receives=receives,
        before=row["before"],
        first_received=row["first_received"] or now,
        group=row["group_id"],
        deduplication=row["deduplication"],
        source=row["source"],
    )


def set_visible(tx: Tx, queue: Queue, seq: int, visible_at: float) -> None:
    tx.run(
        "UPDATE sqs_message SET visible_at = ? WHERE pile = ? AND seq = ?",
        visible_at,
        queue.pile,
        seq,
    )


def delay_again(tx: Tx, queue: Queue, delay_s: int, after: int, most: int) -> list[Row]:
    """Of the first messages behind `after` that were sent here and never received; returns
    those."""
    found = tx.all(
        "SELECT seq, group_id FROM sqs_message WHERE pile = ? AND seq > ? AND receives = 0"
        " AND source IS NULL ORDER BY seq LIMIT ?",
        queue.pile,
        after,
        most,
    )
    if found:
        tx.run(
            "UPDATE sqs_message SET visible_at = sent + ? WHERE pile = ? AND seq > ?"
            " AND seq <= ? AND receives = 0 AND source IS NULL",
            delay_s,
            queue.pile,
            after,
            found[-1]["seq"],
        )
    return found


def delete(tx: Tx, queue: Queue, seq: int) -> None:
    tx.run("DELETE FROM sqs_message WHERE pile = ? AND seq = ?", queue.pile, seq)


def delete_received(tx: Tx, queue: Queue, receipts: list[Receipt]) -> None:
    """Delete those that are there and were not received again since."""
    for receives in {receipt.receives for receipt in receipts}:
        seqs = [receipt.seq for receipt in receipts if receipt.receives == receives]
        places = ", ".join("?" * len(seqs))
        tx.run(
            f"DELETE FROM sqs_message WHERE pile = ? AND seq IN ({places}) AND receives = ?",
            queue.pile,
            *seqs,
            receives,
        )


class Move(NamedTuple):
    """Where a message goes and as what it arrives there."""

    seq: int
    id: str
    sent: float
    before: int
    source: str | None


def move(tx: Tx, origin: Queue, seq: int, target: Queue, to: Move) -> None:
    tx.run(
        "UPDATE sqs_message SET pile = ?, seq = ?, id = ?, visible_at = ?, receives = 0,"
        " before = ?, sent = ?, received = NULL, source = ? WHERE pile = ? AND seq = ?",
        target.pile,
        to.seq,
        to.id,
        tx.now,
        to.before,
        to.sent,
        to.source,
        origin.pile,
        seq,
    )


# ---- whole piles
def oldest(tx: Tx, queue: Queue, most: int) -> list[Row]:
    return tx.all(
        "SELECT seq, sent, group_id FROM sqs_message WHERE pile = ? ORDER BY seq LIMIT ?",
        queue.pile,
        most,
    )


def discard(tx: Tx, pile: int, most: int) -> int:
    """Delete some of what lies under a pile that no queue has any more."""
    return tx.run(
        "DELETE FROM sqs_message WHERE pile = ? AND seq IN"
        " (SELECT seq FROM sqs_message WHERE pile = ? ORDER BY seq LIMIT ?)",
        pile,
        pile,
        most,
    )
