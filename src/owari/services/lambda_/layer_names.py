"""How callers name a layer: its name, its ARN, or the ARN of one of its versions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from owari.arn import make_arn, parse_arn
from owari.services.lambda_.faults import constraint

NAME_PATTERN = r"[a-zA-Z0-9-_]+"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,140}")
_VERSION_PATTERN = (
    r"((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
    r"layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))"
)


@dataclass(frozen=True, slots=True)
class LayerRef:
    """A layer, or one version of it (0: none in particular)."""

    account: str
    region: str
    name: str
    version: int = 0

    @property
    def layer_arn(self) -> str:
        return make_arn("lambda", self.region, self.account, f"layer:{self.name}")

    @property
    def arn(self) -> str:
        return f"{self.layer_arn}:{self.version}"


def parse_layer(text: str, account: str, region: str, version: int = 0) -> LayerRef:
    """`text` is a name or the ARN of a layer. Raises ValidationException."""
    arn = parse_arn(text)
    if arn is None and _NAME.fullmatch(text):
        return LayerRef(account, region, text, version)
    kind, _, name = arn.resource.partition(":") if arn else ("", "", "")
    if arn is None or arn.service != "lambda" or kind != "layer" or not _NAME.fullmatch(name):
        raise constraint(text, "layerName", f"satisfy regular expression pattern: {NAME_PATTERN}")
    return LayerRef(arn.account, arn.region, name, version)


def parse_version(text: str, member: str) -> LayerRef:
    """`text` is the ARN of a layer version. Raises ValidationException."""
    arn = parse_arn(text)
    parts = arn.resource.split(":") if arn else []
    if (
        arn is None
        or arn.service != "lambda"
        or len(parts) != 3
        or parts[0] != "layer"
        or not _NAME.fullmatch(parts[1])
        or not re.fullmatch(r"[0-9]{1,18}", parts[2])
    ):
        raise constraint(text, member, f"satisfy regular expression pattern: {_VERSION_PATTERN}")
    return LayerRef(arn.account, arn.region, parts[1], int(parts[2]))
