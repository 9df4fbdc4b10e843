"""Topics and subscriptions in the store: every SQL statement of SNS."""

from __future__ import annotations

from owari.services.sns.core import Subscription, SubscriptionKey, Topic, TopicKey, topic_key
from owari.services.sns.faults import invalid, no_topic
from owari.store.encode import dumps, loads
from owari.store.tx import Row, Tx

PAGE = 100
_TOPIC = "account = ? AND region = ? AND topic = ?"


# ---- topics
def find_topic(tx: Tx, key: TopicKey) -> Topic | None:
    row = tx.one(
        "SELECT attributes, policy FROM sns_topic WHERE account = ? AND region = ? AND name = ?",
        *key,
    )
    return None if row is None else Topic(key, loads(row["attributes"]), row["policy"])


def topic_of(tx: Tx, arn: str, parameter: str = "TopicArn") -> Topic:
    """The topic an operation names. A caller reaches those of its own region only; effects of
    other services come with whatever region they have."""
    key = topic_key(arn, parameter)
    if key.region != tx.region and not tx.principal.endswith(".amazonaws.com"):
        raise invalid(parameter)
    topic = find_topic(tx, key)
    if topic is None:
        raise no_topic()
    return topic


def insert_topic(tx: Tx, topic: Topic) -> None:
    tx.run(
        "INSERT INTO sns_topic (account, region, name, attributes, policy, created)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        *topic.key,
        dumps(topic.attributes),
        topic.policy,
        tx.now,
    )


def update_topic(tx: Tx, topic: Topic) -> None:
    tx.run(
        "UPDATE sns_topic SET attributes = ?, policy = ?"
        " WHERE account = ? AND region = ? AND name = ?",
        dumps(topic.attributes),
        topic.policy,
        *topic.key,
    )


def delete_topic(tx: Tx, key: TopicKey) -> None:
    tx.run(f"DELETE FROM sns_subscription WHERE {_TOPIC}", *key)
    tx.run(f"DELETE FROM sns_deduplication WHERE {_TOPIC}", *key)
    tx.run("DELETE FROM sns_topic WHERE account = ? AND region = ? AND name = ?", *key)


def topic_names(tx: Tx, after: str) -> list[str]:
    """One page and one more, to tell whether there is another."""
    rows = tx.all(
        "SELECT name FROM sns_topic WHERE account = ? AND region = ? AND name > ?"
        " ORDER BY name LIMIT ?",
        tx.account,
        tx.region,
        after,
        PAGE + 1,
    )
    return [row["name"] for row in rows]


def subscription_counts(tx: Tx, key: TopicKey) -> dict[str, int]:
    """How many subscriptions there are in each status."""
    rows = tx.all(
        f"SELECT status, COUNT(*) AS n FROM sns_subscription WHERE {_TOPIC} GROUP BY status", *key
    )
    return {row["status"]: row["n"] for row in rows}


# ---- subscriptions
def _subscription(row: Row) -> Subscription:
    topic = TopicKey(row["account"], row["region"], row["topic"])
    return Subscription(
        key=SubscriptionKey(topic, row["id"]),
        protocol=row["protocol"],
        endpoint=row["endpoint"],
        owner=row["owner"],
        principal=row["principal"],
        status=row["status"],
        authenticated=bool(row["authenticated"]),
        token=row["token"],
        attributes=loads(row["attributes"]),
        seq=row["seq"],
    )


def find_subscription(tx: Tx, key: SubscriptionKey) -> Subscription | None:
    """Deleted ones included, as long as they can be restored."""
    row = tx.one(f"SELECT * FROM sns_subscription WHERE {_TOPIC} AND id = ?", *key.topic, key.id)
    return _subscription(row) if row else None


def find_by_endpoint(tx: Tx, key: TopicKey, protocol: str, endpoint: str) -> Subscription | None:
    row = tx.one(
        f"SELECT * FROM sns_subscription WHERE {_TOPIC} AND protocol = ? AND endpoint = ?"
        " AND status <> 'deleted'",
        *key,
        protocol,
        endpoint,
    )
    return _subscription(row) if row else None


def find_by_token(tx: Tx, key: TopicKey, token: str) -> Subscription | None:
    row = tx.one(f"SELECT * FROM sns_subscription WHERE {_TOPIC} AND token = ?", *key, token)
    return _subscription(row) if row else None


def put_subscription(tx: Tx, s: Subscription) -> None:
    tx.run(
        "INSERT INTO sns_subscription (account, region, topic, id, protocol, endpoint, owner,"
        " principal, status, authenticated, token, attributes, seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, topic, id) DO UPDATE SET status = excluded.status,"
        " authenticated = excluded.authenticated, token = excluded.token,"
        " attributes = excluded.attributes",
        *s.key.topic,
        s.key.id,
        s.protocol,
        s.endpoint,
        s.owner,
        s.principal,
        s.status,
        int(s.authenticated),
        s.token,
        dumps(s.attributes),
        s.seq,
    )


def delete_subscription(tx: Tx, key: SubscriptionKey) -> None:
    tx.run(f"DELETE FROM sns_subscription WHERE {_TOPIC} AND id = ?", *key.topic, key.id)


def subscriptions_of_topic(tx: Tx, key: TopicKey, after: str) -> list[Subscription]:
    """One page and one more, by id."""
    rows = tx.all(
        f"SELECT * FROM sns_subscription WHERE {_TOPIC} AND id > ? AND status <> 'deleted'"
        " ORDER BY id LIMIT ?",
        *key,
        after,
        PAGE + 1,
    )
    return [_subscription(row) for row in rows]


def subscriptions_of_owner(tx: Tx, after_topic: str, after_id: str) -> list[Subscription]:
    rows = tx.all(
        "SELECT * FROM sns_subscription WHERE owner = ? AND region = ?"
        " AND (topic > ? OR (topic = ? AND id > ?)) AND status <> 'deleted'"
        " ORDER BY topic, id LIMIT ?",
        tx.account,
        tx.region,
        after_topic,
        after_topic,
        after_id,
        PAGE + 1,
    )
    return [_subscription(row) for row in rows]


def all_of_topic(tx: Tx, key: TopicKey) -> list[Subscription]:
    return [
        _subscription(row) for row in tx.all(f"SELECT * FROM sns_subscription WHERE {_TOPIC}", *key)
    ]


def receivers(tx: Tx, key: TopicKey, after: int, until: int, most: int) -> list[Subscription]:
    """Confirmed subscriptions made after `after` and not after `until`, in that order."""
    rows = tx.all(
        f"SELECT * FROM sns_subscription WHERE {_TOPIC} AND seq > ? AND seq <= ?"
        " AND status = 'confirmed' ORDER BY seq LIMIT ?",
        *key,
        after,
        until,
        most,
    )
    return [_subscription(row) for row in rows]


# ---- deduplication
def duplicate_of(tx: Tx, key: TopicKey, scope: str, id: str) -> Row | None:
    """The message that was published under this id within the interval."""
    return tx.one(
        f"SELECT message_id, sequence FROM sns_deduplication WHERE {_TOPIC}"
        " AND scope = ? AND id = ? AND expires > ?",
        *key,
        scope,
        id,
        tx.now,
    )


def remember(
    tx: Tx, key: TopicKey, scope: str, id: str, message_id: str, sequence: str, expires: float
) -> None:
    tx.run(f"DELETE FROM sns_deduplication WHERE {_TOPIC} AND expires <= ?", *key, tx.now)
    tx.run(
        "INSERT INTO sns_deduplication (account, region, topic, scope, id, message_id, sequence,"
        " expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *key,
        scope,
        id,
        message_id,
        sequence,
        expires,
    )
