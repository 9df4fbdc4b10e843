"""The tables of EventBridge.

`events_version` changes with who listens on a bus. An archive's events lie under what it calls
`held`, which is its alone: one that is made anew under the old name never sees what the old had.
"""

from __future__ import annotations

from owari.wire.operation import migrations

_BUS = "account TEXT NOT NULL, region TEXT NOT NULL, bus TEXT NOT NULL"

migrations(
    "events",
    f"""
    CREATE TABLE events_bus (
        {_BUS},
        settings TEXT NOT NULL,
        policy TEXT,
        created DOUBLE PRECISION NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, bus)
    );
    CREATE TABLE events_version (
        {_BUS},
        version BIGINT NOT NULL,
        PRIMARY KEY (account, region, bus)
    );
    CREATE TABLE events_rule (
        {_BUS},
        name TEXT NOT NULL,
        pattern TEXT,
        schedule TEXT,
        state TEXT NOT NULL,
        description TEXT,
        role TEXT,
        created DOUBLE PRECISION NOT NULL,
        created_by TEXT NOT NULL,
        generation BIGINT NOT NULL,
        PRIMARY KEY (account, region, bus, name)
    );
    CREATE TABLE events_target (
        {_BUS},
        rule TEXT NOT NULL,
        id TEXT NOT NULL,
        arn TEXT NOT NULL,
        target TEXT NOT NULL,
        PRIMARY KEY (account, region, bus, rule, id)
    );
    CREATE INDEX events_target_arn ON events_target (account, region, bus, arn);
    CREATE TABLE events_letter (
        id TEXT PRIMARY KEY,
        event TEXT NOT NULL
    );
    CREATE TABLE events_archive (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        bus TEXT NOT NULL,
        description TEXT,
        pattern TEXT,
        retention_days BIGINT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        event_count BIGINT NOT NULL,
        size_bytes BIGINT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE INDEX events_archive_bus ON events_archive (account, region, bus);
    CREATE TABLE events_archived (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        archive TEXT NOT NULL,
        time DOUBLE PRECISION NOT NULL,
        seq BIGINT NOT NULL,
        stored DOUBLE PRECISION NOT NULL,
        event TEXT NOT NULL,
        PRIMARY KEY (account, region, archive, time, seq)
    );
    CREATE TABLE events_replay (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        archive TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        request TEXT NOT NULL,
        started DOUBLE PRECISION NOT NULL,
        ended DOUBLE PRECISION,
        last_time DOUBLE PRECISION,
        last_seq BIGINT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE events_connection (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        arn TEXT NOT NULL,
        description TEXT,
        kind TEXT NOT NULL,
        parameters TEXT NOT NULL,
        state TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE events_destination (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        arn TEXT NOT NULL,
        settings TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    """,
    """
    ALTER TABLE events_archive ADD COLUMN held TEXT NOT NULL DEFAULT '';
    UPDATE events_archive SET held = name;
    CREATE INDEX events_archived_stored ON events_archived (account, region, archive, stored);
    """,
)
