"""Customer managed policies and their versions.

AWS's own managed policies can be attached by ARN, but their documents are AWS's: to read one is
answered as not implemented.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from owari.errors import ServiceError, not_implemented
from owari.services.iam import policy_rows, rows
from owari.services.iam.core import (
    POLICY_ID_PREFIX,
    VERSIONS_MAX,
    Policy,
    encoded,
    is_aws_managed,
)
from owari.services.iam.documents import check_permissions
from owari.services.iam.faults import conflict, exists, no_such
from owari.services.iam.paging import page
from owari.services.iam.views import check_tags, shown_tags, tags_from
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

_VERSION = re.compile(r"v([1-9][0-9]{0,9})")


def policy_of(tx: Tx, arn: str) -> Policy:
    """Raises NoSuchEntity; NotImplemented for AWS's own."""
    if is_aws_managed(arn):
        raise not_implemented("iam", "reading a policy managed by AWS")
    policy = find_by_arn(tx, arn)
    if policy is None:
        raise no_such(f"Policy {arn} was not found.")
    return policy


def find_by_arn(tx: Tx, arn: str) -> Policy | None:
    policy = policy_rows.find_policy(tx, arn.rsplit("/", 1)[-1])
    return policy if policy is not None and policy.arn == arn else None


def _view(tx: Tx, policy: Policy) -> dict[str, Any]:
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default_version}",
        "AttachmentCount": policy_rows.attachment_count(tx, policy.arn),
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    }


def _version_view(policy: Policy, row: Row, *, with_document: bool) -> dict[str, Any]:
    shown = {
        "VersionId": f"v{row['version']}",
        "IsDefaultVersion": row["version"] == policy.default_version,
        "CreateDate": row["created"],
    }
    return shown | {"Document": encoded(row["document"])} if with_document else shown


def _version(tx: Tx, policy: Policy, id: str) -> Row:
    number = _VERSION.fullmatch(id)
    for row in policy_rows.versions(tx, policy):
        if number is not None and row["version"] == int(number[1]):
            return row
    raise no_such(f"Policy {policy.arn} version {id} does not exist or is not attachable.")


@operation("iam", "CreatePolicy")
def create_policy(tx: Tx, p: Params) -> Result:
    check_permissions(p["PolicyDocument"])
    tags = tags_from(p.get("Tags"))
    check_tags(tags)
    if policy_rows.find_policy(tx, p["PolicyName"]) is not None:
        raise exists(
            f"A policy called {p['PolicyName']} already exists. Duplicate names are not allowed."
        )
    policy = Policy(
        account=tx.account,
        name=p["PolicyName"],
        id=rows.new_id(tx, POLICY_ID_PREFIX),
        path=p.get("Path") or "/",
        description=p.get("Description"),
        default_version=1,
        last_version=1,
        created=tx.now,
        updated=tx.now,
    )
    policy_rows.put_policy(tx, policy)
    policy_rows.put_version(tx, policy, 1, p["PolicyDocument"])
    tx.resources.created(policy.arn, "AWS::IAM::ManagedPolicy", tags)
    return {"Policy": _view(tx, policy) | shown_tags(tx, policy.arn)}


@operation("iam", "GetPolicy", reads=True)
def get_policy(tx: Tx, p: Params) -> Result:
    policy = policy_of(tx, p["PolicyArn"])
    shown = _view(tx, policy)
    if policy.description:
        shown["Description"] = policy.description
    return {"Policy": shown | {"Tags": []} | shown_tags(tx, policy.arn)}


@operation("iam", "ListPolicies", reads=True)
def list_policies(tx: Tx, p: Params) -> Result:
    """Those of the account (`Scope` All and Local)."""
    if p.get("Scope") == "AWS":
        raise not_implemented("iam", "listing the policies managed by AWS")
    prefix = p.get("PathPrefix") or "/"
    found = [policy for policy in policy_rows.policies(tx) if policy.path.startswith(prefix)]
    if p.get("OnlyAttached"):
        found = [policy for policy in found if policy_rows.attachment_count(tx, policy.arn)]
    shown, paging = page(found, p, lambda policy: policy.name.lower())
    return {"Policies": [_view(tx, policy) for policy in shown], **paging}


@operation("iam", "DeletePolicy")
def delete_policy(tx: Tx, p: Params) -> Result:
    policy = policy_of(tx, p["PolicyArn"])
    if policy_rows.attachment_count(tx, policy.arn):
        raise conflict("Cannot delete a policy attached to entities.")
    if len(policy_rows.versions(tx, policy)) > 1:
        raise conflict(
            "This policy has more than one version. Before you delete a policy, you must delete"
            " the policy's versions. The default version is deleted with the policy."
        )
    policy_rows.delete_policy(tx, policy)
    return None


@operation("iam", "CreatePolicyVersion")
def create_policy_version(tx: Tx, p: Params) -> Result:
    policy = policy_of(tx, p["PolicyArn"])
    check_permissions(p["PolicyDocument"])
    if len(policy_rows.versions(tx, policy)) >= VERSIONS_MAX:
        raise ServiceError(
            "LimitExceeded",
            f"A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new"
            " version, you must delete an existing version.",
            status=409,
        )
    number = policy.last_version + 1
    default = number if p.get("SetAsDefault") else policy.default_version
    policy = replace(policy, last_version=number, default_version=default, updated=tx.now)
    policy_rows.put_policy(tx, policy)
    policy_rows.put_version(tx, policy, number, p["PolicyDocument"])
    made = _version(tx, policy, f"v{number}")
    return {"PolicyVersion": _version_view(policy, made, with_document=False)}


@operation("iam", "GetPolicyVersion", reads=True)
def get_policy_version(tx: Tx, p: Params) -> Result:
    policy = policy_of(tx, p["PolicyArn"])
    row = _version(tx, policy, p["VersionId"])
    return {"PolicyVersion": _version_view(policy, row, with_document=True)}


@operation("iam", "ListPolicyVersions", reads=True)
def list_policy_versions(tx: Tx, p: Params) -> Result:
    """Newest first; five at most, so never truncated unless fewer are asked for."""
    policy = policy_of(tx, p["PolicyArn"])
    shown, paging = page(
        policy_rows.versions(tx, policy), p, lambda row: f"{10**9 - row['version']:010}"
    )
    versions = [_version_view(policy, row, with_document=False) for row in shown]
    return {"Versions": versions, **paging}


@operation("iam", "SetDefaultPolicyVersion")
def set_default_policy_version(tx: Tx, p: Params) -> Result:
    policy = policy_of(tx, p["PolicyArn"])
    row = _version(tx, policy, p["VersionId"])
    policy_rows.put_policy(tx, replace(policy, default_version=row["version"], updated=tx.now))
    return None


@operation("iam", "DeletePolicyVersion")
def delete_policy_version(tx: Tx, p: Params) -> Result:
    policy = policy_of(tx, p["PolicyArn"])
    row = _version(tx, policy, p["VersionId"])
    if row["version"] == policy.default_version:
        raise conflict("Cannot delete the default version of a policy.")
    policy_rows.delete_version(tx, policy, row["version"])
    return None
