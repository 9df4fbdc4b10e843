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
class Source:
    """Where code is: one of the three says so.

    `code` is the blob id of a zip of `size` bytes (its SHA-256, hex), `folder` one of the host
    that is used as it is (hot reload), `image` a container image. `unzipped`: bytes, 0 where
    nobody counted them.
    """

    code: str = ""
    folder: str = ""
    image: str = ""
    size: int = 0
    unzipped: int = 0

    def as_json(self) -> dict[str, Any]:
        """For a column; `Source(**…)` reads it again."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer version as a function has it: what it was when the function was given it."""

    arn: str
    source: Source

    def as_json(self) -> dict[str, Any]:
        return {"arn": self.arn, "source": self.source.as_json()}

    @classmethod
    def of(cls, value: dict[str, Any]) -> Layer:
        return cls(value["arn"], Source(**value["source"]))


@dataclass(frozen=True, slots=True)
class Version:
    """`$LATEST` or a published version.

    `revision` changes with every change; `deployed` only with code or configuration, so that
    warm environments outlive a change of policy. `config` holds the settings under AWS's names
    (configuration.py). Times in seconds.
    """

    account: str
    region: str
    name: str
    version: str
    revision: str
    deployed: str
    source: Source
    modified: float
    config: Config
    layers: tuple[Layer, ...] = ()

    @property
    def arn(self) -> str:
        """Unqualified."""
        return function_arn(self.account, self.region, self.name)

    @property
    def blobs(self) -> list[str]:
        """What it keeps: its package and its layers'."""
        sources = (self.source, *(layer.source for layer in self.layers))
        return [source.code for source in sources if source.code]

    @property
    def content(self) -> tuple[Any, ...]:
        """Equal for two versions that run the same."""
        return self.source, self.config, self.layers

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


def code_sha256(source: Source) -> str | None:
    """Base64, as Lambda shows it; None where there is no package, nor a digest in its stead."""
    digest = source.code or source.image.partition("@sha256:")[2]
    return base64.b64encode(bytes.fromhex(digest)).decode() if digest else None


def describe(v: Version, qualifier: str | None = None) -> dict[str, Any]:
    """FunctionConfiguration. `qualifier`: what the caller named, so the ARN does too."""
    if qualifier is None and v.version != LATEST:
        qualifier = v.version
    described: dict[str, Any] = {
        "FunctionName": v.name,
        "FunctionArn": function_arn(v.account, v.region, v.name, qualifier),
        **v.config,
        "CodeSize": v.source.size,
        "LastModified": last_modified(v.modified),
        "Version": v.version,
        "RevisionId": v.revision,
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    if (digest := code_sha256(v.source)) is not None:
        described["CodeSha256"] = digest
    if v.layers:
        described["Layers"] = [{"Arn": x.arn, "CodeSize": x.source.size} for x in v.layers]
    if "Runtime" in v.config:
        arn = runtime_version_arn(v.region, v.config["Runtime"])
        described["RuntimeVersionConfig"] = {"RuntimeVersionArn": arn}
    return described


def describe_created(v: Version) -> dict[str, Any]:
    """What CreateFunction answers: before its commit nothing can be invoked."""
    return describe(v) | {
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
    }


def describe_updated(v: Version) -> dict[str, Any]:
    """What an update answers: before its commit the old one is what is invoked."""
    return describe(v) | {
        "LastUpdateStatus": "InProgress",
        "LastUpdateStatusReason": "The function is being created.",
        "LastUpdateStatusReasonCode": "Creating",
    }


def describe_in_list(v: Version, *, qualified: bool) -> dict[str, Any]:
    described = describe(v, v.version if qualified else None)
    for key in _ONLY_SINGLE:
        described.pop(key, None)
    return described
