"""DeleteParameter and DeleteParameters."""

from __future__ import annotations

from owari.services.ssm import rows
from owari.services.ssm.enforcing import remove
from owari.services.ssm.lookup import existing
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("ssm", "DeleteParameter")
def delete_parameter(tx: Tx, p: Params) -> Result:
    remove(tx, existing(tx, p["Name"]))
    return {}


@operation("ssm", "DeleteParameters")
def delete_parameters(tx: Tx, p: Params) -> Result:
    deleted, missing = [], []
    for name in dict.fromkeys(p["Names"]):
        found = rows.find(tx, name.strip())
        if found is None:
            missing.append(name)
        else:
            remove(tx, found)
            deleted.append(name)
    return {"DeletedParameters": deleted, "InvalidParameters": missing}
