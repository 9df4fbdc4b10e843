"""Managed policies attached to roles, users and groups."""

from __future__ import annotations

from functools import partial
from typing import Any

from owari.services.iam import policy_rows, rows
from owari.services.iam.core import (
    ATTACHED_MAX,
    GROUP,
    PRINCIPALS,
    ROLE,
    USER,
    Kind,
    is_aws_managed,
)
from owari.services.iam.faults import no_such, quota
from owari.services.iam.managed import find_by_arn, policy_of
from owari.services.iam.paging import page
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


def _attach(kind: Kind, tx: Tx, p: Params) -> Result:
    owner, arn = rows.get(tx, kind, p[f"{kind.word}Name"]), p["PolicyArn"]
    if not is_aws_managed(arn) and find_by_arn(tx, arn) is None:
        raise no_such(f"Policy {arn} does not exist or is not attachable.")
    attached = policy_rows.attached(tx, owner)
    if arn not in attached and len(attached) >= ATTACHED_MAX:
        raise quota(f"PoliciesPer{kind.word}", ATTACHED_MAX)
    policy_rows.attach(tx, owner, arn)
    return None


def _detach(kind: Kind, tx: Tx, p: Params) -> Result:
    if not policy_rows.detach(tx, rows.get(tx, kind, p[f"{kind.word}Name"]), p["PolicyArn"]):
        raise no_such(f"Policy {p['PolicyArn']} was not found.")
    return None


def _list(kind: Kind, tx: Tx, p: Params) -> Result:
    prefix = p.get("PathPrefix") or "/"
    attached = policy_rows.attached(tx, rows.get(tx, kind, p[f"{kind.word}Name"]))
    found = [arn for arn in attached if _path(arn).startswith(prefix)]
    shown, paging = page(found, p, str)
    listed = [{"PolicyName": arn.rsplit("/", 1)[-1], "PolicyArn": arn} for arn in shown]
    return {"AttachedPolicies": listed, **paging}


def _path(arn: str) -> str:
    """`/service-role/` of `arn:aws:iam::aws:policy/service-role/Name`."""
    return arn.partition(":policy")[2].rpartition("/")[0] + "/"


for _kind in PRINCIPALS:
    operation("iam", f"Attach{_kind.word}Policy")(partial(_attach, _kind))
    operation("iam", f"Detach{_kind.word}Policy")(partial(_detach, _kind))
    operation("iam", f"ListAttached{_kind.word}Policies", reads=True)(partial(_list, _kind))


@operation("iam", "ListEntitiesForPolicy", reads=True)
def list_entities_for_policy(tx: Tx, p: Params) -> Result:
    arn = p["PolicyArn"]
    if not is_aws_managed(arn):
        policy_of(tx, arn)
    wanted, prefix = p.get("EntityFilter"), p.get("PathPrefix") or "/"
    found = [
        entity
        for kind in (GROUP, ROLE, USER)
        if wanted in (None, kind.word)
        for entity in policy_rows.holders(tx, arn, kind)
        if entity.path.startswith(prefix)
    ]
    shown, paging = page(found, p, lambda entity: f"{entity.kind.word}/{entity.key}")
    answer: dict[str, Any] = {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": []}
    for entity in shown:
        word = entity.kind.word
        answer[f"Policy{word}s"].append({f"{word}Name": entity.name, f"{word}Id": entity.id})
    return answer | paging
