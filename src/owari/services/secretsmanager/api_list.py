"""ListSecrets."""

from __future__ import annotations

from owari.services.secretsmanager.finding import found_page
from owari.services.secretsmanager.showing import metadata
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 100


@operation("secretsmanager", "ListSecrets", reads=True)
def list_secrets(tx: Tx, p: Params) -> Result:
    found, more = found_page(tx, p, PAGE_MAX)
    shown = [metadata(s, tx.resources.tags(s.arn), "SecretVersionsToStages") for s in found]
    return {"SecretList": shown} | more
