"""The tables of CloudWatch Logs: groups, streams, and where the chunks of events lie.

Groups and streams have a number besides their name: chunks refer to it, so that deleting a
group is one row and its chunks are cleared away later, in turns.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "logs",
    """
    CREATE TABLE log_group (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        id BIGINT NOT NULL,
        created BIGINT NOT NULL,
        class TEXT NOT NULL,
        retention_days BIGINT,
        protected BIGINT NOT NULL,
        stored_bytes BIGINT NOT NULL,
        PRIMARY KEY (account, region, name)
    );
    CREATE UNIQUE INDEX log_group_id ON log_group (id);
    CREATE TABLE log_stream (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        group_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        id BIGINT NOT NULL,
        created BIGINT NOT NULL,
        first_event BIGINT,
        last_event BIGINT,
        last_ingestion BIGINT,
        next_number BIGINT NOT NULL,
        PRIMARY KEY (account, region, group_id, name)
    );
    CREATE UNIQUE INDEX log_stream_id ON log_stream (id);
    CREATE TABLE log_chunk (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        group_id BIGINT NOT NULL,
        first_ts BIGINT NOT NULL,
        stream_id BIGINT NOT NULL,
        first_number BIGINT NOT NULL,
        last_ts BIGINT NOT NULL,
        count BIGINT NOT NULL,
        segment BIGINT NOT NULL,
        start BIGINT NOT NULL,
        length BIGINT NOT NULL,
        ingested BIGINT NOT NULL,
        PRIMARY KEY (account, region, group_id, first_ts, stream_id, first_number)
    );
    CREATE INDEX log_chunk_stream ON log_chunk (stream_id, first_ts, first_number);
    CREATE INDEX log_chunk_segment ON log_chunk (segment, start);
    CREATE TABLE log_segment_unused (
        number BIGINT PRIMARY KEY
    );
    """,
    """
    CREATE TABLE log_source (
        instance TEXT PRIMARY KEY,
        frame BIGINT NOT NULL,
        changed DOUBLE PRECISION NOT NULL
    );
    """,
)
