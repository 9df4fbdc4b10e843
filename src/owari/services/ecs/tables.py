"""ECS's tables. A task is one row.

`body` is what it was started with, `state` what became of it. `ecs_family` outlives its revisions:
a number is never given again.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "ecs",
    """
    CREATE TABLE ecs_cluster (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE ecs_definition (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        family TEXT NOT NULL,
        revision BIGINT NOT NULL,
        status TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, family, revision)
    );
    CREATE TABLE ecs_task (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        id TEXT NOT NULL,
        seq BIGINT NOT NULL,
        cluster TEXT NOT NULL,
        family TEXT NOT NULL,
        revision BIGINT NOT NULL,
        service TEXT NOT NULL,
        deployment TEXT NOT NULL,
        started_by TEXT NOT NULL,
        launch TEXT NOT NULL,
        last TEXT NOT NULL,
        desired TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        stopped DOUBLE PRECISION,
        vcpus BIGINT NOT NULL,
        memory BIGINT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (account, region, id)
    );
    CREATE INDEX ecs_task_listed ON ecs_task (account, region, cluster, desired, seq);
    CREATE INDEX ecs_task_live ON ecs_task (last, seq) WHERE last <> 'STOPPED';
    CREATE INDEX ecs_task_service ON ecs_task (account, region, cluster, service, desired);
    CREATE INDEX ecs_task_stopped ON ecs_task (stopped) WHERE stopped IS NOT NULL;
    CREATE TABLE ecs_token (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        token TEXT NOT NULL,
        request TEXT NOT NULL,
        answer TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, token)
    );
    CREATE TABLE ecs_service (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        cluster TEXT NOT NULL,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        launch TEXT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (account, region, cluster, name)
    );
    CREATE TABLE ecs_setting (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        principal TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (account, region, principal, name)
    );
    CREATE TABLE ecs_watcher (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        task TEXT NOT NULL,
        service TEXT NOT NULL,
        topic TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (account, region, task, service, topic, key)
    );
    CREATE TABLE ecs_machine (
        id BIGINT PRIMARY KEY,
        vcpus BIGINT NOT NULL,
        memory BIGINT NOT NULL
    );
    """,
    "ALTER TABLE ecs_watcher ADD COLUMN params TEXT NOT NULL DEFAULT '{}';",
    """
    CREATE TABLE ecs_family (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        family TEXT NOT NULL,
        last_revision BIGINT NOT NULL,
        PRIMARY KEY (account, region, family)
    );
    INSERT INTO ecs_family SELECT account, region, family, MAX(revision) FROM ecs_definition
        GROUP BY account, region, family;
    """,
    """
    CREATE TABLE ecs_provider (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    """,
    """
    ALTER TABLE ecs_machine ADD COLUMN instance TEXT NOT NULL DEFAULT '';
    ALTER TABLE ecs_machine ADD COLUMN architecture TEXT NOT NULL DEFAULT '';
    ALTER TABLE ecs_machine ADD COLUMN registered DOUBLE PRECISION NOT NULL DEFAULT 0;
    ALTER TABLE ecs_machine ADD COLUMN connected BIGINT NOT NULL DEFAULT 0;
    CREATE TABLE ecs_instance (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        cluster TEXT NOT NULL,
        status TEXT NOT NULL,
        version BIGINT NOT NULL,
        attributes TEXT NOT NULL,
        PRIMARY KEY (account, region, cluster)
    );
    """,
    """
    CREATE TABLE ecs_rollout (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        cluster TEXT NOT NULL,
        service TEXT NOT NULL,
        id TEXT NOT NULL,
        revision TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        status TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (account, region, cluster, service, id)
    );
    """,
    "ALTER TABLE ecs_rollout ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;",
)
