"""Parameter Store's tables.

A parameter is a row that names its newest version; `policies` and `labels` are JSON. `timer` is the
wake-up for the next of its policies. Values lie here as they were given.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "ssm",
    """
    CREATE TABLE ssm_parameter (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        version BIGINT NOT NULL,
        tier TEXT NOT NULL,
        policies TEXT NOT NULL,
        timer TEXT,
        PRIMARY KEY (account, region, name)
    );
    CREATE INDEX ssm_parameter_tier ON ssm_parameter (account, region, tier);
    CREATE TABLE ssm_version (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        version BIGINT NOT NULL,
        value TEXT NOT NULL,
        type TEXT NOT NULL,
        tier TEXT NOT NULL,
        data_type TEXT NOT NULL,
        description TEXT NOT NULL,
        pattern TEXT NOT NULL,
        key_id TEXT NOT NULL,
        modified_by TEXT NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        labels TEXT NOT NULL,
        PRIMARY KEY (account, region, name, version)
    );
    """,
)
