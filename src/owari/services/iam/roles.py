"""Roles."""

from __future__ import annotations

from dataclasses import replace

from owari.services.iam import rows
from owari.services.iam.core import PROFILE, ROLE, Entity
from owari.services.iam.documents import check_trust
from owari.services.iam.faults import conflict
from owari.services.iam.paging import page
from owari.services.iam.removal import check_unused
from owari.services.iam.views import check_tags, listed_role, role_view, tags_from
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

SESSION_S = 3_600


@operation("iam", "CreateRole")
def create_role(tx: Tx, p: Params) -> Result:
    check_trust(p["AssumeRolePolicyDocument"])
    tags = tags_from(p.get("Tags"))
    check_tags(tags)
    details = {
        "trust": p["AssumeRolePolicyDocument"],
        "description": p.get("Description"),
        "max_session_s": p.get("MaxSessionDuration") or SESSION_S,
        "boundary": p.get("PermissionsBoundary"),
    }
    role = rows.create(tx, ROLE, p["RoleName"], p.get("Path"), details)
    tx.resources.created(role.arn, ROLE.type, tags)
    return {"Role": role_view(tx, role)}


@operation("iam", "GetRole", reads=True)
def get_role(tx: Tx, p: Params) -> Result:
    shown = role_view(tx, rows.get(tx, ROLE, p["RoleName"]))
    return {"Role": shown | {"RoleLastUsed": {}}}


@operation("iam", "ListRoles", reads=True)
def list_roles(tx: Tx, p: Params) -> Result:
    found = rows.listed(tx, ROLE, p.get("PathPrefix") or "/")
    shown, paging = page(found, p, lambda role: role.key)
    return {"Roles": [listed_role(role) for role in shown], **paging}


def _change(tx: Tx, name: str, **details: object) -> Entity:
    role = rows.get(tx, ROLE, name)
    role = replace(role, details=role.details | details)
    rows.put(tx, role)
    return role


@operation("iam", "UpdateRole")
def update_role(tx: Tx, p: Params) -> Result:
    details: dict[str, object] = {}
    if p.get("Description") is not None:
        details["description"] = p["Description"]
    if p.get("MaxSessionDuration") is not None:
        details["max_session_s"] = p["MaxSessionDuration"]
    _change(tx, p["RoleName"], **details)
    return {}


@operation("iam", "UpdateRoleDescription")
def update_role_description(tx: Tx, p: Params) -> Result:
    role = _change(tx, p["RoleName"], description=p["Description"])
    return {"Role": role_view(tx, role)}


@operation("iam", "UpdateAssumeRolePolicy")
def update_assume_role_policy(tx: Tx, p: Params) -> Result:
    check_trust(p["PolicyDocument"])
    _change(tx, p["RoleName"], trust=p["PolicyDocument"])
    return None


@operation("iam", "PutRolePermissionsBoundary")
def put_role_permissions_boundary(tx: Tx, p: Params) -> Result:
    _change(tx, p["RoleName"], boundary=p["PermissionsBoundary"])
    return None


@operation("iam", "DeleteRolePermissionsBoundary")
def delete_role_permissions_boundary(tx: Tx, p: Params) -> Result:
    _change(tx, p["RoleName"], boundary=None)
    return None


@operation("iam", "DeleteRole")
def delete_role(tx: Tx, p: Params) -> Result:
    role = rows.get(tx, ROLE, p["RoleName"])
    if rows.parents(tx, role, PROFILE):
        raise conflict("Cannot delete entity, must remove roles from instance profile first.")
    check_unused(tx, role)
    rows.delete(tx, role)
    return None
