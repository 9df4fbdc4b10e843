"""Users."""

from __future__ import annotations

from dataclasses import replace

from owari.arn import make_arn, parse_arn
from owari.services.iam import rows
from owari.services.iam.core import GROUP, USER
from owari.services.iam.faults import conflict, invalid
from owari.services.iam.keys import keys_of
from owari.services.iam.paging import page
from owari.services.iam.removal import check_unused
from owari.services.iam.views import check_tags, listed_user, tags_from, user_view
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("iam", "CreateUser")
def create_user(tx: Tx, p: Params) -> Result:
    tags = tags_from(p.get("Tags"))
    check_tags(tags)
    details = {"boundary": p.get("PermissionsBoundary")}
    user = rows.create(tx, USER, p["UserName"], p.get("Path"), details)
    tx.resources.created(user.arn, USER.type, tags)
    return {"User": user_view(tx, user)}


@operation("iam", "GetUser", reads=True)
def get_user(tx: Tx, p: Params) -> Result:
    """Without a name: the caller."""
    name = p.get("UserName") or _caller(tx)
    if name is None:
        root = {"UserId": tx.account, "Arn": make_arn("iam", "", tx.account, "root")}
        return {"User": {"Path": "/", "UserName": "root", "CreateDate": 0.0} | root}
    return {"User": user_view(tx, rows.get(tx, USER, name))}


def _caller(tx: Tx) -> str | None:
    """The calling user's name; None for the account's root."""
    arn = parse_arn(tx.principal)
    if arn is not None and arn.resource == "root":
        return None
    if arn is not None and arn.service == "iam" and arn.resource.startswith("user/"):
        return arn.resource.rsplit("/", 1)[-1]
    raise invalid("Must specify userName when calling with non-User credentials")


@operation("iam", "ListUsers", reads=True)
def list_users(tx: Tx, p: Params) -> Result:
    found = rows.listed(tx, USER, p.get("PathPrefix") or "/")
    shown, paging = page(found, p, lambda user: user.key)
    return {"Users": [listed_user(user) for user in shown], **paging}


@operation("iam", "UpdateUser")
def update_user(tx: Tx, p: Params) -> Result:
    user = rows.get(tx, USER, p["UserName"])
    renamed = replace(
        user, name=p.get("NewUserName") or user.name, path=p.get("NewPath") or user.path
    )
    taken = rows.find(tx, USER, renamed.name)
    if taken is not None and taken.key != user.key:
        raise USER.present(renamed.name)
    rows.rename(tx, user, renamed)
    return None


@operation("iam", "DeleteUser")
def delete_user(tx: Tx, p: Params) -> Result:
    user = rows.get(tx, USER, p["UserName"])
    if keys_of(tx, user):
        raise conflict("Cannot delete entity, must delete access keys first.")
    if rows.parents(tx, user, GROUP):
        raise conflict("Cannot delete entity, must remove users from group first.")
    check_unused(tx, user)
    rows.delete(tx, user)
    return None


@operation("iam", "PutUserPermissionsBoundary")
def put_user_permissions_boundary(tx: Tx, p: Params) -> Result:
    user = rows.get(tx, USER, p["UserName"])
    boundary = {"boundary": p["PermissionsBoundary"]}
    rows.put(tx, replace(user, details=user.details | boundary))
    return None


@operation("iam", "DeleteUserPermissionsBoundary")
def delete_user_permissions_boundary(tx: Tx, p: Params) -> Result:
    user = rows.get(tx, USER, p["UserName"])
    rows.put(tx, replace(user, details=user.details | {"boundary": None}))
    return None
