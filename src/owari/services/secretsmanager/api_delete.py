"""DeleteSecret and RestoreSecret."""

from __future__ import annotations

from typing import Any

from owari.services.secretsmanager import rows
from owari.services.secretsmanager.api_create import new_arn
from owari.services.secretsmanager.deleting import purge, schedule
from owari.services.secretsmanager.faults import bad_request, invalid, missing
from owari.services.secretsmanager.lookup import find, known
from owari.services.secretsmanager.timing import rest, set_timer
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

DAY_S = 86_400.0
WINDOW_DAYS = 30
WINDOWS = range(7, 31)


@operation("secretsmanager", "DeleteSecret")
def delete_secret(tx: Tx, p: Params) -> Result:
    """By force: at once, and without a complaint that there is none."""
    days, forced = p.get("RecoveryWindowInDays"), bool(p.get("ForceDeleteWithoutRecovery"))
    if forced and days is not None:
        raise invalid(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        )
    if days is not None and days not in WINDOWS:
        raise invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
    secret = find(tx, p["SecretId"])
    if forced:
        if secret is None:
            id: str = p["SecretId"]
            return _answer(id if id.startswith("arn:") else new_arn(tx, id), id, tx.now)
        purge(tx, secret)
        return _answer(secret.arn, secret.name, tx.now)
    if secret is None:
        raise missing()
    if secret.deletes is not None:
        raise bad_request(
            "You tried to perform the operation on a secret that's currently marked deleted."
        )
    due = tx.now + (days or WINDOW_DAYS) * DAY_S
    schedule(tx, secret, due)
    rows.save(tx, secret)
    return _answer(secret.arn, secret.name, due)


def _answer(arn: str, name: str, due: float) -> dict[str, Any]:
    return {"ARN": arn, "Name": name, "DeletionDate": due}


@operation("secretsmanager", "RestoreSecret")
def restore_secret(tx: Tx, p: Params) -> Result:
    secret = known(tx, p["SecretId"])
    if secret.deletes is not None:
        rest(tx, secret)
        secret.deletes = None
        set_timer(tx, secret, tx.now)
        rows.save(tx, secret)
    return {"ARN": secret.arn, "Name": secret.name}
