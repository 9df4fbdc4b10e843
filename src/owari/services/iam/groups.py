"""Groups and who is in them."""

from __future__ import annotations

from owari.services.iam import rows
from owari.services.iam.core import GROUP, USER
from owari.services.iam.faults import conflict, no_such
from owari.services.iam.paging import page
from owari.services.iam.removal import check_unused
from owari.services.iam.views import group_view, listed_user
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("iam", "CreateGroup")
def create_group(tx: Tx, p: Params) -> Result:
    group = rows.create(tx, GROUP, p["GroupName"], p.get("Path"), {})
    tx.resources.created(group.arn, GROUP.type)
    return {"Group": group_view(group)}


@operation("iam", "GetGroup", reads=True)
def get_group(tx: Tx, p: Params) -> Result:
    group = rows.get(tx, GROUP, p["GroupName"])
    shown, paging = page(rows.members(tx, group, USER), p, lambda user: user.key)
    users = [listed_user(user) for user in shown]
    return {"Group": group_view(group), "Users": users, **paging}


@operation("iam", "ListGroups", reads=True)
def list_groups(tx: Tx, p: Params) -> Result:
    found = rows.listed(tx, GROUP, p.get("PathPrefix") or "/")
    shown, paging = page(found, p, lambda group: group.key)
    return {"Groups": [group_view(group) for group in shown], **paging}


@operation("iam", "ListGroupsForUser", reads=True)
def list_groups_for_user(tx: Tx, p: Params) -> Result:
    found = rows.parents(tx, rows.get(tx, USER, p["UserName"]), GROUP)
    shown, paging = page(found, p, lambda group: group.key)
    return {"Groups": [group_view(group) for group in shown], **paging}


@operation("iam", "AddUserToGroup")
def add_user_to_group(tx: Tx, p: Params) -> Result:
    rows.join(tx, rows.get(tx, GROUP, p["GroupName"]), rows.get(tx, USER, p["UserName"]))
    return None


@operation("iam", "RemoveUserFromGroup")
def remove_user_from_group(tx: Tx, p: Params) -> Result:
    group, user = rows.get(tx, GROUP, p["GroupName"]), rows.get(tx, USER, p["UserName"])
    if not rows.part(tx, group, user):
        raise no_such(f"User {user.name} is not in group {group.name}.")
    return None


@operation("iam", "DeleteGroup")
def delete_group(tx: Tx, p: Params) -> Result:
    group = rows.get(tx, GROUP, p["GroupName"])
    if rows.members(tx, group, USER):
        raise conflict("Cannot delete entity, must remove users from group first.")
    check_unused(tx, group)
    rows.delete(tx, group)
    return None
