"""Inline policies: documents that lie in a role, a user or a group."""

from __future__ import annotations

from functools import partial

from owari.services.iam import policy_rows, rows
from owari.services.iam.core import PRINCIPALS, Entity, Kind, encoded
from owari.services.iam.documents import check_permissions
from owari.services.iam.faults import no_such
from owari.services.iam.paging import page
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


def _owner(kind: Kind, tx: Tx, p: Params) -> Entity:
    return rows.get(tx, kind, p[f"{kind.word}Name"])


def _put(kind: Kind, tx: Tx, p: Params) -> Result:
    owner = _owner(kind, tx, p)
    check_permissions(p["PolicyDocument"])
    policy_rows.put_inline(tx, owner, p["PolicyName"], p["PolicyDocument"])
    return None


def _get(kind: Kind, tx: Tx, p: Params) -> Result:
    owner = _owner(kind, tx, p)
    document = policy_rows.inline(tx, owner).get(p["PolicyName"])
    if document is None:
        raise _absent(kind, p)
    return {
        f"{kind.word}Name": owner.name,
        "PolicyName": p["PolicyName"],
        "PolicyDocument": encoded(document),
    }


def _list(kind: Kind, tx: Tx, p: Params) -> Result:
    shown, paging = page(list(policy_rows.inline(tx, _owner(kind, tx, p))), p, str)
    return {"PolicyNames": shown, **paging}


def _delete(kind: Kind, tx: Tx, p: Params) -> Result:
    if not policy_rows.delete_inline(tx, _owner(kind, tx, p), p["PolicyName"]):
        raise _absent(kind, p)
    return None


def _absent(kind: Kind, p: Params) -> Exception:
    return no_such(f"The {kind.noun} policy with name {p['PolicyName']} cannot be found.")


for _kind in PRINCIPALS:
    operation("iam", f"Put{_kind.word}Policy")(partial(_put, _kind))
    operation("iam", f"Get{_kind.word}Policy", reads=True)(partial(_get, _kind))
    operation("iam", f"List{_kind.word}Policies", reads=True)(partial(_list, _kind))
    operation("iam", f"Delete{_kind.word}Policy")(partial(_delete, _kind))
