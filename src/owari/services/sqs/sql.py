"""The tables of SQS.

A queue's number and pile are unique over all accounts and regions and never given again, so what
lies with a queue (its messages, groups, deduplication ids) carries one of them alone: rows stay
small, a purge or a deletion is one change of the queue's row, and a new queue of an old name
never sees what the old one had.

`sqs_message_visible` is what ReceiveMessage reads: messages in flight and delayed ones come after
those that may be had, and counting needs nothing but the index. `visible_at` of a message that
was never delayed is the time it was sent. `sqs_group` has a row for each message group of a FIFO
queue that has messages; `available_at` is when it may be received from next.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "sqs",
    """
    CREATE TABLE sqs_queue (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        number BIGINT NOT NULL,
        pile BIGINT NOT NULL,
        attributes TEXT NOT NULL,
        dead_letter TEXT,
        created DOUBLE PRECISION NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        purged DOUBLE PRECISION,
        alarm DOUBLE PRECISION,
        sweep TEXT,
        PRIMARY KEY (account, region, name)
    );
    CREATE UNIQUE INDEX sqs_queue_number ON sqs_queue (number);
    CREATE INDEX sqs_queue_dead_letter ON sqs_queue (dead_letter, name)
        WHERE dead_letter IS NOT NULL;
    CREATE TABLE sqs_message (
        pile BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        visible_at DOUBLE PRECISION NOT NULL,
        receives BIGINT NOT NULL,
        before BIGINT NOT NULL,
        sent DOUBLE PRECISION NOT NULL,
        received DOUBLE PRECISION,
        first_received DOUBLE PRECISION,
        id TEXT NOT NULL,
        sender TEXT NOT NULL,
        group_id TEXT,
        deduplication TEXT,
        trace TEXT,
        source TEXT,
        attributes TEXT,
        body TEXT NOT NULL,
        PRIMARY KEY (pile, seq)
    );
    CREATE INDEX sqs_message_visible ON sqs_message (pile, visible_at, seq, receives, sent);
    CREATE INDEX sqs_message_group ON sqs_message (pile, group_id, seq)
        WHERE group_id IS NOT NULL;
    CREATE TABLE sqs_group (
        pile BIGINT NOT NULL,
        group_id TEXT NOT NULL,
        available_at DOUBLE PRECISION NOT NULL,
        turn BIGINT NOT NULL,
        PRIMARY KEY (pile, group_id)
    );
    CREATE INDEX sqs_group_available ON sqs_group (pile, available_at, turn);
    CREATE TABLE sqs_deduplication (
        number BIGINT NOT NULL,
        scope TEXT NOT NULL,
        id TEXT NOT NULL,
        message_id TEXT NOT NULL,
        seq BIGINT NOT NULL,
        expires DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (number, scope, id)
    );
    CREATE INDEX sqs_deduplication_expires ON sqs_deduplication (number, expires);
    CREATE TABLE sqs_attempt (
        number BIGINT NOT NULL,
        id TEXT NOT NULL,
        expires DOUBLE PRECISION NOT NULL,
        visible_at DOUBLE PRECISION NOT NULL,
        messages TEXT NOT NULL,
        PRIMARY KEY (number, id)
    );
    CREATE INDEX sqs_attempt_expires ON sqs_attempt (number, expires);
    CREATE TABLE sqs_move_task (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        id TEXT NOT NULL,
        source TEXT NOT NULL,
        destination TEXT,
        rate BIGINT,
        status TEXT NOT NULL,
        moved BIGINT NOT NULL,
        to_move BIGINT NOT NULL,
        started DOUBLE PRECISION NOT NULL,
        seq BIGINT NOT NULL,
        failure TEXT,
        PRIMARY KEY (account, region, id)
    );
    CREATE INDEX sqs_move_task_source ON sqs_move_task (source, seq);
    """,
)
