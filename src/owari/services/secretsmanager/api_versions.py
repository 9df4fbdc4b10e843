"""ListSecretVersionIds."""

from __future__ import annotations

from typing import Any

from owari import page_tokens
from owari.services.secretsmanager import rows
from owari.services.secretsmanager.core import labels_of
from owari.services.secretsmanager.faults import bad_token
from owari.services.secretsmanager.lookup import known
from owari.services.secretsmanager.records import Head, Secret
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 100
DEFAULT_KEY = "DefaultEncryptionKey"


@operation("secretsmanager", "ListSecretVersionIds", reads=True)
def list_secret_version_ids(tx: Tx, p: Params) -> Result:
    """Those that have a value, the oldest first."""
    secret = known(tx, p["SecretId"])
    after, most = _after(p.get("NextToken")), p.get("MaxResults") or PAGE_MAX
    found = [
        v
        for v in rows.heads(tx, secret.name)
        if v.has_value
        and (v.created, v.id) > after
        and (p.get("IncludeDeprecated") or labels_of(secret.stages, v.id))
    ]
    result: dict[str, Any] = {
        "ARN": secret.arn,
        "Name": secret.name,
        "Versions": [_shown(secret, v) for v in found[:most]],
    }
    if len(found) > most:
        result["NextToken"] = page_tokens.make(found[most - 1].created, found[most - 1].id)
    return result


def _shown(secret: Secret, v: Head) -> dict[str, Any]:
    made: dict[str, Any] = {
        "VersionId": v.id,
        "CreatedDate": v.created,
        "KmsKeyIds": [v.key or DEFAULT_KEY],
    }
    labels = labels_of(secret.stages, v.id)
    optional = {"VersionStages": labels or None, "LastAccessedDate": v.accessed}
    return made | {name: value for name, value in optional.items() if value is not None}


def _after(token: str | None) -> tuple[float, str]:
    if not token:
        return 0.0, ""
    try:
        created, id = page_tokens.read(token, float, str)
    except ValueError:
        raise bad_token() from None
    return float(created), str(id)
