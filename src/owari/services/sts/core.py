"""Principals as STS names them, and what it grants for how long. Pure.

Source: STS API Reference, GetCallerIdentity, AssumeRole, GetSessionToken, GetFederationToken;
IAM User Guide, "IAM identifiers".
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from owari.arn import make_arn, parse_arn
from owari.errors import ServiceError

CHAINED_MAX_S = 3_600  # a role assumed by an assumed role
ROOT_MAX_S = 3_600
SESSION_DEFAULT_S = 43_200
ROLE_DEFAULT_S = 3_600


@dataclass(frozen=True, slots=True)
class Root:
    account: str


@dataclass(frozen=True, slots=True)
class User:
    account: str
    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class AssumedRole:
    account: str
    role: str
    session: str
    arn: str


@dataclass(frozen=True, slots=True)
class FederatedUser:
    account: str
    name: str
    arn: str


Principal = Root | User | AssumedRole | FederatedUser


def principal_of(text: str, account: str) -> Principal:
    """Whose ARN it is; what is none of the others (a service, nobody) is the account itself."""
    arn = parse_arn(text)
    kind, _, rest = arn.resource.partition("/") if arn else ("", "", "")
    match kind:
        case "user" if arn:
            return User(arn.account, rest.rsplit("/", 1)[-1], text)
        case "assumed-role" if arn:
            role, _, session = rest.partition("/")
            return AssumedRole(arn.account, role, session, text)
        case "federated-user" if arn:
            return FederatedUser(arn.account, rest, text)
        case _:
            return Root(arn.account if arn and arn.account else account)


def root_arn(account: str) -> str:
    return make_arn("iam", "", account, "root")


def assumed_role_arn(account: str, role: str, session: str) -> str:
    return make_arn("sts", "", account, f"assumed-role/{role}/{session}")


def federated_arn(account: str, name: str) -> str:
    return make_arn("sts", "", account, f"federated-user/{name}")


def role_of(arn: str) -> tuple[str, str]:
    """Account and name (without its path) of a role's ARN."""
    parsed = parse_arn(arn)
    if parsed is not None and parsed.service == "iam" and parsed.resource.startswith("role/"):
        name = parsed.resource.rsplit("/", 1)[-1]
        if name and len(parsed.account) == 12 and parsed.account.isdigit():
            return parsed.account, name
    raise ServiceError("ValidationError", f"{arn} is invalid", status=400)


def unrecorded_role_id(account: str, role: str) -> str:
    """An id for a role that was never created here: always the same one."""
    digest = hashlib.sha256(f"{account}/{role}".encode()).digest()
    return "AROA" + base64.b32encode(digest).decode()[:17]


def account_of_key(access_key: str) -> str | None:
    """The account number that a long-term key id holds, as AWS's key ids do."""
    try:
        decoded = base64.b32decode(access_key[4:])
    except ValueError:
        return None
    if len(decoded) != 10:
        return None
    number = int.from_bytes(decoded[:6])
    account = (number & 0x7FFF_FFFF_FF80) >> 7
    return f"{account:012d}" if account < 10**12 else None


def too_long(message: str) -> ServiceError:
    return ServiceError("ValidationError", message, status=400)


def session_duration(principal: Principal, asked: int | None) -> int:
    """Seconds that GetSessionToken grants."""
    if isinstance(principal, Root):
        return min(asked or ROOT_MAX_S, ROOT_MAX_S)
    return asked or SESSION_DEFAULT_S


def role_duration(principal: Principal, asked: int | None, role_max_s: int | None) -> int:
    """Seconds that AssumeRole grants. `role_max_s`: the role's MaxSessionDuration, if recorded."""
    duration_s = asked or ROLE_DEFAULT_S
    if isinstance(principal, AssumedRole) and duration_s > CHAINED_MAX_S:
        raise too_long(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
            " role chaining"
        )
    if role_max_s is not None and duration_s > role_max_s:
        raise too_long(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return duration_s
