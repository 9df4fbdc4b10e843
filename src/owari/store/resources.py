"""The uniform registry of resources and their tags, for every type of every service.

Deploy, search, `owari status` and clean-up walk it; a service calls `created` and `deleted`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MIGRATIONS = (
    """
    CREATE TABLE resource (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        arn TEXT NOT NULL,
        type TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, arn)
    );
    CREATE INDEX resource_type ON resource (type, account, region);
    CREATE TABLE tag (
        account TEXT NOT NULL,
        arn TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (account, arn, key)
    );
    """,
)


@dataclass(slots=True)
class Resources:
    """`type` is CloudFormation's name of the type, e.g. `AWS::SNS::Topic`."""

    connection: sqlite3.Connection
    account: str
    region: str
    now: float

    def created(self, arn: str, type: str, tags: Mapping[str, str] | None = None) -> None:
        self.connection.execute(
            "INSERT INTO resource (account, region, arn, type, created) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (account, arn) DO NOTHING",
            (self.account, self.region, arn, type, self.now),
        )
        if tags:
            self.tag(arn, tags)

    def deleted(self, arn: str) -> None:
        key = (self.account, arn)
        self.connection.execute("DELETE FROM resource WHERE account = ? AND arn = ?", key)
        self.connection.execute("DELETE FROM tag WHERE account = ? AND arn = ?", key)

    def tags(self, arn: str) -> dict[str, str]:
        rows = self.connection.execute(
            "SELECT key, value FROM tag WHERE account = ? AND arn = ? ORDER BY key",
            (self.account, arn),
        )
        return {row["key"]: row["value"] for row in rows}

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self.connection.executemany(
            "INSERT INTO tag (account, arn, key, value) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account, arn, key) DO UPDATE SET value = excluded.value",
            [(self.account, arn, key, value) for key, value in tags.items()],
        )

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        self.connection.executemany(
            "DELETE FROM tag WHERE account = ? AND arn = ? AND key = ?",
            [(self.account, arn, key) for key in keys],
        )
