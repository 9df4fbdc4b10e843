"""Step Functions' tables.

A definition is stored once and named by its digest; a machine, a version and every execution
point to the one they have. `sfn_execution` is what is told of an execution, `sfn_live` and
`sfn_frame` what the interpreter needs to go on with it (dropped when it cannot go on any more),
`sfn_history` its events in the chunks they came in. Ids of executions come from the commit
counter, so their order is that of the starts.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "stepfunctions",
    """
    CREATE TABLE sfn_definition (
        account TEXT NOT NULL,
        id TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (account, id)
    );
    CREATE TABLE sfn_machine (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        definition TEXT NOT NULL,
        role_arn TEXT NOT NULL,
        revision TEXT,
        settings TEXT NOT NULL,
        versions BIGINT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        updated DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE sfn_version (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        machine TEXT NOT NULL,
        number BIGINT NOT NULL,
        definition TEXT NOT NULL,
        role_arn TEXT NOT NULL,
        revision TEXT,
        settings TEXT NOT NULL,
        description TEXT,
        created DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, machine, number)
    );
    CREATE TABLE sfn_alias (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        machine TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT,
        routing TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        updated DOUBLE PRECISION,
        PRIMARY KEY (account, region, machine, name)
    );
    CREATE TABLE sfn_activity (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        encryption TEXT,
        created DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE TABLE sfn_execution (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        id BIGINT NOT NULL,
        machine TEXT NOT NULL,
        name TEXT NOT NULL,
        express BIGINT NOT NULL,
        arn TEXT NOT NULL,
        qualifier TEXT,
        version BIGINT,
        definition TEXT NOT NULL,
        part TEXT NOT NULL,
        role_arn TEXT NOT NULL,
        revision TEXT,
        settings TEXT NOT NULL,
        updated DOUBLE PRECISION NOT NULL,
        principal TEXT NOT NULL,
        trace_header TEXT,
        map_run BIGINT,
        map_index BIGINT,
        item_count BIGINT,
        status TEXT NOT NULL,
        started DOUBLE PRECISION NOT NULL,
        stopped DOUBLE PRECISION,
        input TEXT NOT NULL,
        output TEXT,
        error TEXT,
        cause TEXT,
        redrive_count BIGINT NOT NULL DEFAULT 0,
        redriven DOUBLE PRECISION,
        PRIMARY KEY (account, region, machine, id)
    );
    CREATE UNIQUE INDEX sfn_execution_name
        ON sfn_execution (machine, name, account, region) WHERE express = 0;
    CREATE INDEX sfn_execution_unusual
        ON sfn_execution (account, region, machine, status, id) WHERE status <> 'SUCCEEDED';
    CREATE INDEX sfn_execution_map_run
        ON sfn_execution (map_run, id) WHERE map_run IS NOT NULL;
    CREATE TABLE sfn_live (
        execution BIGINT PRIMARY KEY,
        stamp BIGINT NOT NULL,
        value TEXT NOT NULL
    );
    CREATE TABLE sfn_frame (
        execution BIGINT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (execution, kind, id)
    );
    CREATE TABLE sfn_history (
        execution BIGINT NOT NULL,
        first BIGINT NOT NULL,
        events TEXT NOT NULL,
        PRIMARY KEY (execution, first)
    );
    CREATE TABLE sfn_task (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        token TEXT NOT NULL,
        execution BIGINT NOT NULL,
        frame TEXT NOT NULL,
        seq BIGINT NOT NULL,
        activity TEXT,
        input TEXT,
        PRIMARY KEY (account, region, token)
    );
    CREATE INDEX sfn_task_activity ON sfn_task (activity, seq) WHERE activity IS NOT NULL;
    CREATE TABLE sfn_watch (
        waiting TEXT NOT NULL,
        child TEXT NOT NULL,
        PRIMARY KEY (waiting)
    );
    CREATE INDEX sfn_watch_child ON sfn_watch (child);
    CREATE TABLE sfn_sync (
        account TEXT NOT NULL,
        request TEXT NOT NULL,
        started DOUBLE PRECISION NOT NULL,
        result TEXT,
        PRIMARY KEY (account, request)
    );
    CREATE INDEX sfn_sync_started ON sfn_sync (started);
    CREATE TABLE sfn_map_run (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        id BIGINT NOT NULL,
        arn TEXT NOT NULL,
        execution BIGINT NOT NULL,
        execution_arn TEXT NOT NULL,
        frame TEXT NOT NULL,
        part TEXT NOT NULL,
        express BIGINT NOT NULL,
        status TEXT NOT NULL,
        started DOUBLE PRECISION NOT NULL,
        stopped DOUBLE PRECISION,
        max_concurrency BIGINT NOT NULL,
        tolerated_count BIGINT,
        tolerated_percentage DOUBLE PRECISION,
        total BIGINT NOT NULL,
        started_children BIGINT NOT NULL DEFAULT 0,
        succeeded BIGINT NOT NULL DEFAULT 0,
        failed BIGINT NOT NULL DEFAULT 0,
        timed_out BIGINT NOT NULL DEFAULT 0,
        aborted BIGINT NOT NULL DEFAULT 0,
        items_total BIGINT NOT NULL,
        items_started BIGINT NOT NULL DEFAULT 0,
        items_succeeded BIGINT NOT NULL DEFAULT 0,
        items_failed BIGINT NOT NULL DEFAULT 0,
        items_timed_out BIGINT NOT NULL DEFAULT 0,
        items_aborted BIGINT NOT NULL DEFAULT 0,
        redrive_count BIGINT NOT NULL DEFAULT 0,
        redriven DOUBLE PRECISION,
        PRIMARY KEY (account, region, id)
    );
    CREATE UNIQUE INDEX sfn_map_run_arn ON sfn_map_run (arn);
    CREATE INDEX sfn_map_run_execution ON sfn_map_run (execution, id);
    CREATE TABLE sfn_pending (
        map_run BIGINT NOT NULL,
        item BIGINT NOT NULL,
        item_count BIGINT NOT NULL,
        input TEXT NOT NULL,
        PRIMARY KEY (map_run, item)
    );
    """,
    """
    CREATE TABLE sfn_outside (
        waiting TEXT PRIMARY KEY,
        begun TEXT NOT NULL
    );
    """,
    """
    CREATE INDEX sfn_execution_failed
        ON sfn_execution (stopped, id) WHERE status <> 'SUCCEEDED' AND stopped IS NOT NULL
    """,
    "CREATE INDEX sfn_execution_definition ON sfn_execution (definition)",
)
