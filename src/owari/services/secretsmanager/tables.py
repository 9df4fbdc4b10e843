"""Secrets Manager's tables.

`body` is JSON: description, key, policy, staging labels, rotation. `timer` is the wake-up for the
deletion or the next rotation. Values lie here as they were given.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "secretsmanager",
    """
    CREATE TABLE secretsmanager_secret (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        arn TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        changed DOUBLE PRECISION NOT NULL,
        accessed DOUBLE PRECISION,
        rotated DOUBLE PRECISION,
        deletes DOUBLE PRECISION,
        body TEXT NOT NULL,
        failure TEXT NOT NULL,
        timer TEXT,
        PRIMARY KEY (account, region, name)
    );
    CREATE UNIQUE INDEX secretsmanager_secret_arn ON secretsmanager_secret (arn);
    CREATE INDEX secretsmanager_secret_failure ON secretsmanager_secret (changed)
        WHERE failure <> '';
    CREATE TABLE secretsmanager_version (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        key_id TEXT NOT NULL,
        text_value TEXT,
        binary_value BLOB,
        accessed DOUBLE PRECISION,
        PRIMARY KEY (account, region, name, id)
    );
    """,
)
