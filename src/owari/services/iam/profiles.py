"""Instance profiles: what Batch and EC2 ask for in place of a role. Each holds one role."""

from __future__ import annotations

from typing import Any

from owari.services.iam import rows
from owari.services.iam.core import PROFILE, ROLE, Entity
from owari.services.iam.faults import conflict, no_such, quota
from owari.services.iam.paging import page
from owari.services.iam.views import check_tags, profile_view, tags_from
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

NAME = "InstanceProfileName"


def _view(tx: Tx, profile: Entity) -> dict[str, Any]:
    return profile_view(tx, profile, rows.members(tx, profile, ROLE))


@operation("iam", "CreateInstanceProfile")
def create_instance_profile(tx: Tx, p: Params) -> Result:
    tags = tags_from(p.get("Tags"))
    check_tags(tags)
    profile = rows.create(tx, PROFILE, p[NAME], p.get("Path"), {})
    tx.resources.created(profile.arn, PROFILE.type, tags)
    return {"InstanceProfile": _view(tx, profile)}


@operation("iam", "GetInstanceProfile", reads=True)
def get_instance_profile(tx: Tx, p: Params) -> Result:
    return {"InstanceProfile": _view(tx, rows.get(tx, PROFILE, p[NAME]))}


@operation("iam", "ListInstanceProfiles", reads=True)
def list_instance_profiles(tx: Tx, p: Params) -> Result:
    found = rows.listed(tx, PROFILE, p.get("PathPrefix") or "/")
    shown, paging = page(found, p, lambda profile: profile.key)
    return {"InstanceProfiles": [_view(tx, profile) for profile in shown], **paging}


@operation("iam", "ListInstanceProfilesForRole", reads=True)
def list_instance_profiles_for_role(tx: Tx, p: Params) -> Result:
    found = rows.parents(tx, rows.get(tx, ROLE, p["RoleName"]), PROFILE)
    shown, paging = page(found, p, lambda profile: profile.key)
    return {"InstanceProfiles": [_view(tx, profile) for profile in shown], **paging}


@operation("iam", "AddRoleToInstanceProfile")
def add_role_to_instance_profile(tx: Tx, p: Params) -> Result:
    profile, role = rows.get(tx, PROFILE, p[NAME]), rows.get(tx, ROLE, p["RoleName"])
    if rows.members(tx, profile, ROLE):
        raise quota("InstanceSessionsPerInstanceProfile", 1)
    rows.join(tx, profile, role)
    return None


@operation("iam", "RemoveRoleFromInstanceProfile")
def remove_role_from_instance_profile(tx: Tx, p: Params) -> Result:
    profile, role = rows.get(tx, PROFILE, p[NAME]), rows.get(tx, ROLE, p["RoleName"])
    if not rows.part(tx, profile, role):
        raise no_such(f"Role {role.name} is not in instance profile {profile.name}.")
    return None


@operation("iam", "DeleteInstanceProfile")
def delete_instance_profile(tx: Tx, p: Params) -> Result:
    profile = rows.get(tx, PROFILE, p[NAME])
    if rows.members(tx, profile, ROLE):
        raise conflict("Cannot delete entity, must remove roles from instance profile first.")
    rows.delete(tx, profile)
    return None
