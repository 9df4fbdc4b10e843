"""Scheduler's tables.

`due` is the time of the next invocation, before the flexible window is added; NULL when there is
none. `timer` is the wake-up that is set. `missed` counts the invocations that passed while Owari
was down, `missed_last` those of the last time, made up for at `missed_at`. A `scheduler_firing` is
an invocation that has not been delivered yet.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "scheduler",
    """
    CREATE TABLE scheduler_group (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        token TEXT,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE scheduler_schedule (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        grp TEXT NOT NULL,
        name TEXT NOT NULL,
        settings TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        token TEXT,
        due DOUBLE PRECISION,
        timer TEXT,
        missed BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (account, region, grp, name)
    );
    CREATE TABLE scheduler_firing (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        id TEXT NOT NULL,
        arn TEXT NOT NULL,
        target TEXT NOT NULL,
        scheduled DOUBLE PRECISION NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, id)
    );
    """,
    """
    ALTER TABLE scheduler_schedule ADD COLUMN missed_last BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE scheduler_schedule ADD COLUMN missed_at DOUBLE PRECISION;
    CREATE INDEX scheduler_schedule_missed ON scheduler_schedule (missed_at)
        WHERE missed_at IS NOT NULL;
    """,
    "CREATE UNIQUE INDEX scheduler_firing_id ON scheduler_firing (id);",
)
