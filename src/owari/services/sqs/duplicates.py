"""What FIFO queues remember for five minutes: deduplication ids, and receive attempts.

Source: SQS Developer Guide, "Exactly-once processing in Amazon SQS"; ReceiveMessage,
ReceiveRequestAttemptId.
"""

from __future__ import annotations

from owari.services.sqs import messages
from owari.services.sqs.answering import Received
from owari.services.sqs.core import Queue
from owari.services.sqs.message import Order
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

INTERVAL_S = 300.0
FORGOTTEN_AT_ONCE = 20


def _scope(queue: Queue, order: Order) -> str:
    return f"group:{order.group}" if queue.by_group else "queue"


def known(tx: Tx, queue: Queue, order: Order) -> Row | None:
    """The message that was accepted under this id within the interval."""
    return tx.one(
        "SELECT message_id, seq FROM sqs_deduplication"
        " WHERE number = ? AND scope = ? AND id = ? AND expires > ?",
        queue.number,
        _scope(queue, order),
        order.deduplication,
        tx.now,
    )


def remember(tx: Tx, queue: Queue, order: Order, message_id: str, seq: int) -> None:
    """And forget some of what is past its interval: more than comes."""
    tx.run(
        "DELETE FROM sqs_deduplication WHERE number = ? AND (scope, id) IN"
        " (SELECT scope, id FROM sqs_deduplication WHERE number = ? AND expires <= ?"
        " ORDER BY expires LIMIT ?)",
        queue.number,
        queue.number,
        tx.now,
        FORGOTTEN_AT_ONCE,
    )
    tx.run(
        "INSERT INTO sqs_deduplication (number, scope, id, message_id, seq, expires)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (number, scope, id) DO UPDATE SET"
        " message_id = excluded.message_id, seq = excluded.seq, expires = excluded.expires",
        queue.number,
        _scope(queue, order),
        order.deduplication,
        message_id,
        seq,
        tx.now + INTERVAL_S,
    )


def record_attempt(tx: Tx, queue: Queue, id: str, taken: list[Received], visible_at: float) -> None:
    tx.run("DELETE FROM sqs_attempt WHERE number = ? AND expires <= ?", queue.number, tx.now)
    tx.run(
        "INSERT INTO sqs_attempt (number, id, expires, visible_at, messages)"
        " VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (number, id) DO UPDATE SET expires = excluded.expires,"
        " visible_at = excluded.visible_at, messages = excluded.messages",
        queue.number,
        id,
        tx.now + INTERVAL_S,
        visible_at,
        dumps([[m.seq, m.receives] for m in taken]),
    )


def repeated(tx: Tx, queue: Queue, id: str) -> list[Received]:
    """What the same attempt got before, if nothing has happened to any of it; else nothing."""
    attempt = tx.one(
        "SELECT visible_at, messages FROM sqs_attempt"
        " WHERE number = ? AND id = ? AND expires > ? AND visible_at > ?",
        queue.number,
        id,
        tx.now,
        tx.now,
    )
    if attempt is None:
        return []
    again = []
    for seq, receives in loads(attempt["messages"]):
        row = messages.find(tx, queue, seq)
        if row is None or (row["receives"], row["visible_at"]) != (receives, attempt["visible_at"]):
            return []
        again.append(messages.received(row, receives, tx.now))
    return again


def discard(tx: Tx, number: int, most: int) -> int:
    """Delete some of what a queue that is no more remembered."""
    gone = tx.run(
        "DELETE FROM sqs_deduplication WHERE number = ? AND (scope, id) IN"
        " (SELECT scope, id FROM sqs_deduplication WHERE number = ? LIMIT ?)",
        number,
        number,
        most,
    )
    return gone + tx.run("DELETE FROM sqs_attempt WHERE number = ?", number)
