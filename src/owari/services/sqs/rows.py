"""Queues in the store."""

from __future__ import annotations

from owari.services.sqs.core import Queue, QueueKey, queue_key
from owari.services.sqs.faults import no_queue
from owari.store.encode import dumps, loads
from owari.store.resources import Resources
from owari.store.tx import Row, Tx

_KEY = "account = ? AND region = ? AND name = ?"


def _queue(row: Row) -> Queue:
    return Queue(
        key=QueueKey(row["account"], row["region"], row["name"]),
        number=row["number"],
        pile=row["pile"],
        attributes=loads(row["attributes"]),
        created=row["created"],
        modified=row["modified"],
        purged=row["purged"],
        alarm=row["alarm"],
        sweep=row["sweep"],
    )


def find_queue(tx: Tx, key: QueueKey) -> Queue | None:
    row = tx.one(f"SELECT * FROM sqs_queue WHERE {_KEY}", *key)
    return _queue(row) if row else None


def find_by_number(tx: Tx, number: int) -> Queue | None:
    row = tx.one("SELECT * FROM sqs_queue WHERE number = ?", number)
    return _queue(row) if row else None


def open_queue(tx: Tx, url: str) -> Queue:
    """The queue an operation names by its QueueUrl."""
    queue = find_queue(tx, queue_key(url, tx.endpoint, tx.account, tx.region))
    if queue is None:
        raise no_queue()
    return queue


def resources_of(tx: Tx, key: QueueKey) -> Resources:
    """The registry as the queue's own account sees it: the caller may be another."""
    return Resources(tx.connection, key.account, key.region, tx.now)


def insert_queue(tx: Tx, queue: Queue) -> None:
    tx.run(
        "INSERT INTO sqs_queue (account, region, name, number, pile, attributes, dead_letter,"
        " created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *queue.key,
        queue.number,
        queue.pile,
        dumps(queue.attributes),
        _dead_letter(queue),
        queue.created,
        queue.modified,
    )


def update_queue(tx: Tx, queue: Queue) -> None:
    tx.run(
        f"UPDATE sqs_queue SET attributes = ?, dead_letter = ?, modified = ? WHERE {_KEY}",
        dumps(queue.attributes),
        _dead_letter(queue),
        queue.modified,
        *queue.key,
    )


def _dead_letter(queue: Queue) -> str | None:
    redrive = queue.redrive
    return redrive.target.arn if redrive else None


def delete_queue(tx: Tx, queue: Queue) -> None:
    tx.run(f"DELETE FROM sqs_queue WHERE {_KEY}", *queue.key)


def set_pile(tx: Tx, queue: Queue, pile: int) -> None:
    tx.run("UPDATE sqs_queue SET pile = ?, purged = ? WHERE number = ?", pile, tx.now, queue.number)


def set_alarm(tx: Tx, queue: Queue, at: float) -> None:
    tx.run("UPDATE sqs_queue SET alarm = ? WHERE number = ?", at, queue.number)


def clear_alarm(tx: Tx, number: int) -> None:
    tx.run("UPDATE sqs_queue SET alarm = NULL WHERE number = ? AND alarm <= ?", number, tx.now)


def set_sweep(tx: Tx, queue: Queue, effect: str | None) -> None:
    tx.run("UPDATE sqs_queue SET sweep = ? WHERE number = ?", effect, queue.number)


def queue_names(tx: Tx, prefix: str, after: str, most: int) -> list[str]:
    """The caller's queues by name."""
    rows = tx.all(
        "SELECT name FROM sqs_queue WHERE account = ? AND region = ? AND name > ?"
        " AND name >= ? AND name < ? ORDER BY name LIMIT ?",
        tx.account,
        tx.region,
        after,
        prefix,
        prefix + "\x7f",
        most,
    )
    return [row["name"] for row in rows]


def sources_of(tx: Tx, dead_letter_arn: str, after: str, most: int) -> list[QueueKey]:
    """The queues whose dead letters go there, by name."""
    rows = tx.all(
        "SELECT account, region, name FROM sqs_queue WHERE dead_letter = ? AND name > ?"
        " ORDER BY name LIMIT ?",
        dead_letter_arn,
        after,
        most,
    )
    return [QueueKey(row["account"], row["region"], row["name"]) for row in rows]
