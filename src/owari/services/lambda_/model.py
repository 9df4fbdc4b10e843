"""A version of a function, and how Lambda describes it to callers."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from owari.services.lambda_.names import LATEST, function_arn

Config = dict[str, Any]

# What ListFunctions leaves out (Lambda API reference, ListFunctions).
_ONLY_SINGLE = ("State", "LastUpdateStatus", "RuntimeVersionConfig")


@dataclass(frozen=True, slots=True)
class Version:
    """`$LATEST` or a published version.

    `revision` changes with every change; `deployed` only with code or configuration, so that
    warm environments outlive a change of policy. `code` is the blob id of the zip (its SHA-256,
    hex). `config` holds the settings under AWS's names (configuration.py). Times in seconds.
    """

    account: str
    region: str
    name: str
    version: str
    revision: str
    deployed: str
    code: str
    code_size: int
    modified: float
    config: Config

    @property
    def arn(self) -> str:
        """Unqualified."""
        return function_arn(self.account, self.region, self.name)

    @property
    def code_sha256(self) -> str:
        """Base64, as Lambda shows it."""
        return base64.b64encode(bytes.fromhex(self.code)).decode()

    def changed(self, revision: str, now: float, **changes: Any) -> Version:
        """With other code or configuration."""
        return replace(self, revision=revision, deployed=revision, modified=now, **changes)


def last_modified(seconds: float) -> str:
    """`2024-01-31T12:00:00.000+0000`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def runtime_version_arn(region: str, runtime: str) -> str:
    """Names the runtime's version: ours never changes under a name."""
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(runtime.encode()).hexdigest()}"


def describe(v: Version, *, qualified: bool = False) -> dict[str, Any]:
    """FunctionConfiguration. `qualified`: the caller named the version, so the ARN does too."""
    qualifier = v.version if qualified or v.version != LATEST else None
    return {
        "FunctionName": v.name,
        "FunctionArn": function_arn(v.account, v.region, v.name, qualifier),
        **v.config,
        "CodeSize": v.code_size,
        "CodeSha256": v.code_sha256,
        "LastModified": last_modified(v.modified),
        "Version": v.version,
        "RevisionId": v.revision,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "RuntimeVersionConfig": {
            "RuntimeVersionArn": runtime_version_arn(v.region, v.config["Runtime"])
        },
    }


def describe_in_list(v: Version, *, qualified: bool) -> dict[str, Any]:
    described = describe(v, qualified=qualified)
    for key in _ONLY_SINGLE:
        del described[key]
    return described
