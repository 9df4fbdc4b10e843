"""The tables of SNS. A subscription lies with its topic: account and region are the topic's."""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "sns",
    """
    CREATE TABLE sns_topic (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        attributes TEXT NOT NULL,
        policy TEXT,
        created DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE sns_subscription (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        topic TEXT NOT NULL,
        id TEXT NOT NULL,
        protocol TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        owner TEXT NOT NULL,
        principal TEXT NOT NULL,
        status TEXT NOT NULL,
        authenticated BIGINT NOT NULL,
        token TEXT NOT NULL,
        attributes TEXT NOT NULL,
        seq BIGINT NOT NULL,
        PRIMARY KEY (account, region, topic, id)
    );
    CREATE UNIQUE INDEX sns_subscription_endpoint
        ON sns_subscription (account, region, topic, protocol, endpoint)
        WHERE status <> 'deleted';
    CREATE INDEX sns_subscription_delivery ON sns_subscription (account, region, topic, seq);
    CREATE INDEX sns_subscription_owner ON sns_subscription (owner, region, topic, id);
    CREATE TABLE sns_deduplication (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        topic TEXT NOT NULL,
        scope TEXT NOT NULL,
        id TEXT NOT NULL,
        message_id TEXT NOT NULL,
        sequence TEXT NOT NULL,
        expires DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, topic, scope, id)
    );
    CREATE INDEX sns_deduplication_expires
        ON sns_deduplication (account, region, topic, expires);
    """,
)
