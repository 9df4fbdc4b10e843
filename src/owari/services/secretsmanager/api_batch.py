"""BatchGetSecretValue: by ids, or by filters."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.secretsmanager.faults import invalid
from owari.services.secretsmanager.finding import found_page
from owari.services.secretsmanager.lookup import existing
from owari.services.secretsmanager.reading import is_noted, note, shown, wanted
from owari.services.secretsmanager.records import Secret
from owari.store.tx import Tx
from owari.wire.operation import Answer, InWriter, Params, operation

PAGE_MAX = 20


@operation("secretsmanager", "BatchGetSecretValue", reads=True)
def batch_get_secret_value(tx: Tx, p: Params) -> Answer:
    """What one of them lacks is told beside the others."""
    asked, more = _asked(tx, p)
    values: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for id in asked:
        try:
            secret = existing(tx, id) if isinstance(id, str) else id
            version = wanted(tx, secret, {})
        except ServiceError as error:
            told = {"ErrorCode": error.code, "Message": error.message}
            errors.append({"SecretId": id if isinstance(id, str) else id.name} | told)
            continue
        if not is_noted(tx, secret, version):
            if tx.is_reading:
                return InWriter()
            note(tx, secret, version)
        values.append(shown(secret, version))
    return {"SecretValues": values, "Errors": errors} | more


def _asked(tx: Tx, p: Params) -> tuple[list[str] | list[Secret], dict[str, Any]]:
    if bool(p.get("SecretIdList")) == bool(p.get("Filters")):
        raise invalid("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
    if p.get("SecretIdList"):
        if p.get("MaxResults"):
            raise invalid(
                "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is"
                " provided."
            )
        return list(dict.fromkeys(p["SecretIdList"])), {}
    return found_page(tx, p, PAGE_MAX)
