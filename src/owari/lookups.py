"""What the wire must know of the store before an operation is called: whose key it is, who may
come without one, which pages' requests a bucket takes. Read from the last commit.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from owari.store.encode import loads


@dataclass(frozen=True, slots=True)
class Site:
    """A function URL: whose it is and who may come. `qualifier` is '' or an alias."""

    url_id: str
    account: str
    region: str
    name: str
    qualifier: str
    auth_type: str
    invoke_mode: str
    cors: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lookups:
    """`reader`: a connection that is not within a transaction."""

    reader: sqlite3.Connection

    def key(self, access_key: str) -> tuple[str, str, str] | None:
        """(account, principal ARN, secret) of an active IAM access key."""
        row = self.reader.execute(
            "SELECT account, user_arn, secret_key FROM iam_access_key"
            " WHERE access_key = ? AND status = 'Active'",
            (access_key,),
        ).fetchone()
        return (row["account"], row["user_arn"], row["secret_key"]) if row else None

    def cors_rules(self, bucket: str) -> list[dict[str, Any]] | None:
        found = self._settings(bucket).get("cors")
        return None if found is None else found["CORSRules"]

    def may_be_public(self, bucket: str) -> bool:
        """Whether anyone at all could be let in: S3 itself then looks closer. A bucket that does
        not exist is no secret: S3 tells everyone that it does not."""
        settings = self._settings(bucket)
        if "policy" in settings:
            return True
        rules = settings.get("ownership", {}).get("Rules")
        if rules is not None:
            return bool(rules[0]["ObjectOwnership"] != "BucketOwnerEnforced")
        row = self.reader.execute("SELECT 1 FROM s3_bucket WHERE name = ?", (bucket,)).fetchone()
        return row is None

    def _settings(self, bucket: str) -> dict[str, Any]:
        rows = self.reader.execute(
            "SELECT kind, value FROM s3_setting"
            " WHERE bucket = ? AND kind IN ('cors', 'policy', 'ownership')",
            (bucket,),
        )
        return {row["kind"]: loads(row["value"]) for row in rows}

    def function_url(self, url_id: str) -> Site | None:
        row = self.reader.execute(
            "SELECT url_id, account, region, name, qualifier, auth_type, invoke_mode, cors"
            " FROM lambda_url WHERE url_id = ?",
            (url_id,),
        ).fetchone()
        return Site(**{**dict(row), "cors": loads(row["cors"])}) if row else None

    def url_statements(self, site: Site) -> list[dict[str, Any]]:
        """The resource policy of what the URL hangs on."""
        rows = self.reader.execute(
            "SELECT statement FROM lambda_permission WHERE account = ? AND region = ?"
            " AND name = ? AND qualifier = ? ORDER BY position",
            (site.account, site.region, site.name, site.qualifier),
        )
        return [loads(row["statement"]) for row in rows]
