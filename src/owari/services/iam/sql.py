"""The tables of IAM. IAM is global: rows belong to an account and to no region."""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "iam",
    """
    CREATE TABLE iam_entity (
        account TEXT NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        path TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        details TEXT NOT NULL,
        PRIMARY KEY (account, kind, key)
    );
    CREATE TABLE iam_inline_policy (
        account TEXT NOT NULL,
        kind TEXT NOT NULL,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (account, kind, owner, name)
    );
    CREATE TABLE iam_policy (
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        path TEXT NOT NULL,
        description TEXT,
        default_version BIGINT NOT NULL,
        last_version BIGINT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        updated DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, key)
    );
    CREATE TABLE iam_policy_version (
        account TEXT NOT NULL,
        policy TEXT NOT NULL,
        version BIGINT NOT NULL,
        document TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, policy, version)
    );
    CREATE TABLE iam_attachment (
        account TEXT NOT NULL,
        kind TEXT NOT NULL,
        owner TEXT NOT NULL,
        arn TEXT NOT NULL,
        PRIMARY KEY (account, kind, owner, arn)
    );
    CREATE INDEX iam_attachment_policy ON iam_attachment (account, arn);
    CREATE TABLE iam_member (
        account TEXT NOT NULL,
        parent TEXT NOT NULL,
        parent_kind TEXT NOT NULL,
        member TEXT NOT NULL,
        PRIMARY KEY (account, parent_kind, parent, member)
    );
    CREATE INDEX iam_member_of ON iam_member (account, parent_kind, member);
    CREATE TABLE iam_access_key (
        account TEXT NOT NULL,
        access_key TEXT NOT NULL,
        owner TEXT NOT NULL,
        user_arn TEXT NOT NULL,
        secret_key TEXT NOT NULL,
        status TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, access_key)
    );
    CREATE UNIQUE INDEX iam_access_key_id ON iam_access_key (access_key);
    CREATE INDEX iam_access_key_owner ON iam_access_key (account, owner);
    """,
)
