"""The things IAM keeps: kinds, names, ids, ARNs. Pure.

Source: IAM User Guide, "IAM identifiers" (friendly names and paths, unique ids).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from owari.arn import make_arn, parse_arn
from owari.errors import ServiceError
from owari.services.iam.faults import exists, no_such

ATTACHED_MAX = 10
VERSIONS_MAX = 5
KEYS_PER_USER_MAX = 2
TAGS_MAX = 50
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of named entity. `word` as in operation names, `type` as in CloudFormation."""

    word: str
    noun: str
    resource: str
    id_prefix: str
    type: str

    def absent(self, name: str) -> ServiceError:
        if self is PROFILE:
            return no_such(f"Instance Profile {name} cannot be found.")
        return no_such(f"The {self.noun} with name {name} cannot be found.")

    def present(self, name: str) -> ServiceError:
        if self is PROFILE:
            return exists(f"Instance Profile {name} already exists.")
        return exists(f"{self.word} with name {name} already exists.")


ROLE = Kind("Role", "role", "role", "AROA", "AWS::IAM::Role")
USER = Kind("User", "user", "user", "AIDA", "AWS::IAM::User")
GROUP = Kind("Group", "group", "group", "AGPA", "AWS::IAM::Group")
PROFILE = Kind(
    "InstanceProfile", "instance profile", "instance-profile", "AIPA", "AWS::IAM::InstanceProfile"
)
POLICY_ID_PREFIX = "ANPA"
PRINCIPALS = (ROLE, USER, GROUP)  # those that policies are attached to


@dataclass(frozen=True, slots=True)
class Entity:
    """A role, user, group or instance profile; `details` are what only its kind has."""

    kind: Kind
    account: str
    name: str
    id: str
    path: str
    created: float
    details: dict[str, Any]

    @property
    def key(self) -> str:
        """Names are not distinguished by case."""
        return self.name.lower()

    @property
    def arn(self) -> str:
        return make_arn("iam", "", self.account, f"{self.kind.resource}{self.path}{self.name}")


@dataclass(frozen=True, slots=True)
class Policy:
    """A customer managed policy. Versions are numbered from 1 and never reused."""

    account: str
    name: str
    id: str
    path: str
    description: str | None
    default_version: int
    last_version: int
    created: float
    updated: float

    @property
    def arn(self) -> str:
        return policy_arn(self.account, self.path, self.name)


def policy_arn(account: str, path: str, name: str) -> str:
    return make_arn("iam", "", account, f"policy{path}{name}")


def unique_id(prefix: str, pick: Callable[[str], str]) -> str:
    """`prefix` and 17 characters; `pick` chooses one of a text."""
    return prefix + "".join(pick(_ID_LETTERS) for _ in range(17))


def access_key_id(account: str, random_bits: Callable[[int], int]) -> str:
    """`AKIA` and 16 characters that hold the account number where AWS's hold it."""
    number = 1 << 79 | int(account) << 39 | random_bits(39)
    return "AKIA" + base64.b32encode(number.to_bytes(10)).decode()


def encoded(document: str) -> str:
    """Policy documents are answered percent-encoded (RFC 3986)."""
    return quote(document, safe="-_.~")


def is_aws_managed(arn: str) -> bool:
    parsed = parse_arn(arn)
    return (
        parsed is not None
        and (parsed.service, parsed.account) == ("iam", "aws")
        and parsed.resource.startswith("policy/")
        and len(parsed.resource) > len("policy/")
    )
