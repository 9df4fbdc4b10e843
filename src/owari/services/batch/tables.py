"""Batch's tables.

A job is one row of `batch_job`, however many children it has; `rest` is the state of the children
that no `batch_chunk` holds (of the job itself, when it is no array). A `batch_task` is a unit that
runs, was retried, failed, or is a job of its own. A `batch_stretch` is children that an agent was
given together: they have a row of their own only once there is more to say of them. `batch_held`
is whatever holds a part of a machine. `line` gathers jobs that need the same from the
same queue and share: the scheduler looks at the first few of each line and never at the rest.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "batch",
    """
    CREATE TABLE batch_environment (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        uuid TEXT NOT NULL,
        state TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE batch_queue (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        state TEXT NOT NULL,
        priority BIGINT NOT NULL,
        policy TEXT,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE batch_policy (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE batch_consumable (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        type TEXT NOT NULL,
        total BIGINT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE batch_definition (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        revision BIGINT NOT NULL,
        status TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, name, revision)
    );
    CREATE TABLE batch_job (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        id TEXT NOT NULL,
        seq BIGINT NOT NULL,
        name TEXT NOT NULL,
        queue TEXT NOT NULL,
        line TEXT NOT NULL,
        share TEXT NOT NULL,
        priority BIGINT NOT NULL,
        definition TEXT NOT NULL,
        kind TEXT NOT NULL,
        size BIGINT NOT NULL,
        body TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        status TEXT NOT NULL,
        reason TEXT NOT NULL,
        why TEXT NOT NULL,
        why_since DOUBLE PRECISION NOT NULL,
        released DOUBLE PRECISION,
        started DOUBLE PRECISION,
        stopped DOUBLE PRECISION,
        changed DOUBLE PRECISION NOT NULL,
        waiting_on BIGINT NOT NULL,
        followers BIGINT NOT NULL,
        rest TEXT NOT NULL,
        next_chunk BIGINT NOT NULL,
        pending BIGINT NOT NULL,
        runnable BIGINT NOT NULL,
        starting BIGINT NOT NULL,
        running BIGINT NOT NULL,
        succeeded BIGINT NOT NULL,
        failed BIGINT NOT NULL,
        cancel_reason TEXT,
        terminate_reason TEXT,
        PRIMARY KEY (account, region, id)
    );
    CREATE INDEX batch_job_listed ON batch_job (account, region, queue, status, seq);
    CREATE INDEX batch_job_line ON batch_job (line, priority DESC, seq) WHERE runnable > 0;
    CREATE TABLE batch_chunk (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        job TEXT NOT NULL,
        number BIGINT NOT NULL,
        ready BIGINT NOT NULL,
        states BLOB NOT NULL,
        times BLOB NOT NULL,
        PRIMARY KEY (account, region, job, number)
    );
    CREATE TABLE batch_task (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        job TEXT NOT NULL,
        idx BIGINT NOT NULL,
        attempt BIGINT NOT NULL,
        live BIGINT NOT NULL,
        placed BIGINT NOT NULL,
        queue TEXT NOT NULL,
        share TEXT NOT NULL,
        environment TEXT NOT NULL,
        agents TEXT NOT NULL,
        claims TEXT NOT NULL,
        parts TEXT NOT NULL,
        attempts TEXT NOT NULL,
        reason TEXT NOT NULL,
        stop_reason TEXT,
        started DOUBLE PRECISION,
        stopped DOUBLE PRECISION,
        PRIMARY KEY (account, region, job, idx)
    );
    CREATE INDEX batch_task_live ON batch_task (account, region, job, live) WHERE live = 1;
    CREATE TABLE batch_dependency (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        upstream TEXT NOT NULL,
        job TEXT NOT NULL,
        kind TEXT NOT NULL,
        PRIMARY KEY (account, region, upstream, job, kind)
    );
    CREATE TABLE batch_watcher (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        job TEXT NOT NULL,
        service TEXT NOT NULL,
        topic TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (account, region, job, service, topic, key)
    );
    CREATE TABLE batch_share (
        queue TEXT NOT NULL,
        share TEXT NOT NULL,
        usage DOUBLE PRECISION NOT NULL,
        at DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (queue, share)
    );
    CREATE TABLE batch_scheduler (
        id BIGINT PRIMARY KEY,
        dirty BIGINT NOT NULL,
        decision BIGINT NOT NULL,
        agents TEXT,
        reservations TEXT NOT NULL,
        heir TEXT NOT NULL
    );
    INSERT INTO batch_scheduler (id, dirty, decision, reservations, heir)
    VALUES (1, 0, 0, '[]', '');
    """,
    "ALTER TABLE batch_job ADD COLUMN trace TEXT NOT NULL DEFAULT ''",
    """
    CREATE INDEX batch_job_ended ON batch_job (stopped) WHERE status IN ('SUCCEEDED', 'FAILED')
    """,
    """
    CREATE TABLE batch_stretch (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        job TEXT NOT NULL,
        run TEXT NOT NULL,
        unended BIGINT NOT NULL,
        indexes TEXT NOT NULL,
        placed BIGINT NOT NULL,
        queue TEXT NOT NULL,
        share TEXT NOT NULL,
        environment TEXT NOT NULL,
        agents TEXT NOT NULL,
        claims TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (account, region, job, run)
    );
    CREATE VIEW batch_held (account, region, queue, share, environment, claims, placed) AS
        SELECT account, region, queue, share, environment, claims, placed
        FROM batch_task WHERE live = 1
        UNION ALL
        SELECT account, region, queue, share, environment, claims, placed FROM batch_stretch;
    """,
    """
    ALTER TABLE batch_definition ADD COLUMN deregistered DOUBLE PRECISION;
    CREATE INDEX batch_definition_old ON batch_definition (deregistered)
        WHERE deregistered IS NOT NULL;
    """,
)
