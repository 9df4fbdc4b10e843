"""STS operations. Importing this module declares them.

Policies are not enforced yet, so any caller may assume any role, whether or not it is recorded,
the root of an account included (AWS refuses root), and session policies and session tags
change nothing.
"""

from __future__ import annotations

import json
from typing import Any

from owari.credentials import Credentials
from owari.errors import ServiceError, not_implemented
from owari.services.sts.core import (
    AssumedRole,
    FederatedUser,
    Principal,
    Root,
    User,
    account_of_key,
    assumed_role_arn,
    federated_arn,
    principal_of,
    role_duration,
    role_of,
    root_arn,
    session_duration,
    unrecorded_role_id,
)
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


def _recorded(tx: Tx, account: str, operation_name: str, params: Params) -> dict[str, Any] | None:
    """What IAM answers about someone of the caller's account; None when it knows nothing."""
    if account != tx.account:
        return None
    try:
        return tx.call("iam", operation_name, params)
    except ServiceError:
        return None


def _role_id(tx: Tx, account: str, role: str) -> str:
    answer = _recorded(tx, account, "GetRole", {"RoleName": role})
    return answer["Role"]["RoleId"] if answer else unrecorded_role_id(account, role)


def _granted(made: Credentials) -> dict[str, Any]:
    return {
        "AccessKeyId": made.access_key,
        "SecretAccessKey": made.secret_key,
        "SessionToken": made.token,
        "Expiration": made.expires,
    }


def _packed(p: Params) -> dict[str, Any]:
    """PackedPolicySize, per cent of AWS's limit, when the session was given policies."""
    policy = p.get("Policy")
    if policy is not None:
        try:
            json.loads(policy)
        except (ValueError, RecursionError):
            raise ServiceError(
                "MalformedPolicyDocument", "This policy contains invalid Json", status=400
            ) from None
    if policy is None and not p.get("PolicyArns"):
        return {}
    size = len(policy or "") + sum(len(item.get("arn", "")) for item in p.get("PolicyArns") or [])
    return {"PackedPolicySize": max(1, min(100, size * 100 // 2048))}


@operation("sts", "GetCallerIdentity", reads=True)
def get_caller_identity(tx: Tx, p: Params) -> Result:
    match principal_of(tx.principal, tx.account):
        case AssumedRole(account, role, session, arn):
            user_id = f"{_role_id(tx, account, role)}:{session}"
        case User(account, name, arn):
            known = _recorded(tx, account, "GetUser", {"UserName": name})
            user_id = known["User"]["UserId"] if known else account
        case FederatedUser(account, name, arn):
            user_id = f"{account}:{name}"
        case Root(account):
            user_id, arn = account, root_arn(account)
    return {"UserId": user_id, "Account": account, "Arn": arn}


@operation("sts", "AssumeRole")
def assume_role(tx: Tx, p: Params) -> Result:
    account, role = role_of(p["RoleArn"])
    caller = principal_of(tx.principal, tx.account)
    packed = _packed(p)
    recorded = _recorded(tx, account, "GetRole", {"RoleName": role})
    role_max_s = recorded["Role"]["MaxSessionDuration"] if recorded else None
    duration_s = role_duration(caller, p.get("DurationSeconds"), role_max_s)
    arn = assumed_role_arn(account, role, p["RoleSessionName"])
    made = tx.issuer.issue(account, arn, tx.real_now + duration_s)
    answer = {
        "Credentials": _granted(made),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{_role_id(tx, account, role)}:{p['RoleSessionName']}",
            "Arn": arn,
        },
        **packed,
    }
    if p.get("SourceIdentity"):
        answer["SourceIdentity"] = p["SourceIdentity"]
    return answer


def _check_long_term(caller: Principal, operation_name: str) -> None:
    if isinstance(caller, AssumedRole | FederatedUser):
        raise ServiceError(
            "AccessDenied", f"Cannot call {operation_name} with session credentials", status=403
        )


@operation("sts", "GetSessionToken")
def get_session_token(tx: Tx, p: Params) -> Result:
    caller = principal_of(tx.principal, tx.account)
    _check_long_term(caller, "GetSessionToken")
    duration_s = session_duration(caller, p.get("DurationSeconds"))
    made = tx.issuer.issue(tx.account, tx.principal, tx.real_now + duration_s)
    return {"Credentials": _granted(made)}


@operation("sts", "GetFederationToken")
def get_federation_token(tx: Tx, p: Params) -> Result:
    caller = principal_of(tx.principal, tx.account)
    _check_long_term(caller, "GetFederationToken")
    packed = _packed(p)
    duration_s = session_duration(caller, p.get("DurationSeconds"))
    arn = federated_arn(tx.account, p["Name"])
    made = tx.issuer.issue(tx.account, arn, tx.real_now + duration_s)
    user = {"FederatedUserId": f"{tx.account}:{p['Name']}", "Arn": arn}
    return {"Credentials": _granted(made), "FederatedUser": user, **packed}


@operation("sts", "GetAccessKeyInfo", reads=True)
def get_access_key_info(tx: Tx, p: Params) -> Result:
    """A long-term key's id holds its account; a session's says nothing without its token."""
    if p["AccessKeyId"].startswith("ASIA"):
        raise not_implemented("sts", "GetAccessKeyInfo of temporary credentials")
    account = account_of_key(p["AccessKeyId"]) if p["AccessKeyId"].startswith("AKIA") else None
    if account is None:
        raise ServiceError(
            "ValidationError", f"{p['AccessKeyId']} is not a valid access key id", status=400
        )
    return {"Account": account}
