"""S3's tables.

One row per object version, in `s3_object`: `seq` grows in commit order, so the row with the
highest `seq` of a key is its latest version. `current` is 1 on that row unless it is a delete
marker: what listings see. Bytes of small objects lie in the row (`body`), the others are pieces
of blobs (`pieces`, JSON). Bucket names are unique across accounts, so they carry no account.
"""

from __future__ import annotations

from owari.wire.operation import migrations

migrations(
    "s3",
    """
    CREATE TABLE s3_bucket (
        name TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        versioning TEXT NOT NULL
    );
    CREATE INDEX s3_bucket_account ON s3_bucket (account, name);
    CREATE TABLE s3_setting (
        bucket TEXT NOT NULL,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (bucket, kind)
    );
    CREATE TABLE s3_object (
        bucket TEXT NOT NULL,
        key TEXT NOT NULL,
        seq BIGINT NOT NULL,
        version TEXT NOT NULL,
        current BIGINT NOT NULL,
        marker BIGINT NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        size BIGINT NOT NULL,
        etag TEXT NOT NULL,
        meta TEXT NOT NULL,
        pieces TEXT,
        body BLOB
    );
    CREATE UNIQUE INDEX s3_object_version ON s3_object (bucket, key, seq DESC);
    CREATE UNIQUE INDEX s3_object_current ON s3_object (bucket, key) WHERE current = 1;
    CREATE TABLE s3_upload (
        bucket TEXT NOT NULL,
        key TEXT NOT NULL,
        seq BIGINT NOT NULL,
        id TEXT NOT NULL,
        initiated DOUBLE PRECISION NOT NULL,
        account TEXT NOT NULL,
        meta TEXT NOT NULL,
        PRIMARY KEY (bucket, key, seq)
    );
    CREATE TABLE s3_part (
        upload TEXT NOT NULL,
        number BIGINT NOT NULL,
        modified DOUBLE PRECISION NOT NULL,
        size BIGINT NOT NULL,
        etag TEXT NOT NULL,
        checksums TEXT NOT NULL,
        pieces TEXT,
        body BLOB,
        PRIMARY KEY (upload, number)
    );
    """,
)

BUCKET = (
    "SELECT b.name, b.account, b.region, b.created, b.versioning,"
    " (SELECT value FROM s3_setting WHERE bucket = b.name AND kind = 'ownership') AS ownership,"
    " (SELECT value FROM s3_setting WHERE bucket = b.name AND kind = 'encryption') AS encryption,"
    " (SELECT value FROM s3_setting WHERE bucket = b.name AND kind = 'notification')"
    " AS notification"
    " FROM s3_bucket b"
)
OBJECT = "SELECT key, seq, version, marker, modified, size, etag, meta, pieces, body FROM s3_object"
# A listing needs neither pieces nor body, which may be long.
ENTRY = (
    "SELECT key, seq, version, marker, modified, size, etag, meta,"
    " NULL AS pieces, NULL AS body FROM s3_object"
)
INSERT_OBJECT = (
    "INSERT INTO s3_object (bucket, key, seq, version, current, marker, modified, size, etag,"
    " meta, pieces, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
PUT_SETTING = (
    "INSERT INTO s3_setting (bucket, kind, value) VALUES (?, ?, ?)"
    " ON CONFLICT (bucket, kind) DO UPDATE SET value = excluded.value"
)
PUT_PART = (
    "INSERT INTO s3_part (upload, number, modified, size, etag, checksums, pieces, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (upload, number) DO UPDATE SET"
    " modified = excluded.modified, size = excluded.size, etag = excluded.etag,"
    " checksums = excluded.checksums, pieces = excluded.pieces, body = excluded.body"
)
