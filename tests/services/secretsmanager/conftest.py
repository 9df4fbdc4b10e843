"""Secrets in a world of simulated time; it begins at 2030-01-01T00:00:00Z, a Tuesday."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.errors import ServiceError
from tests.support.world import ACCOUNT, REGION, World

HERE = f"{REGION}:{ACCOUNT}"


def token(n: int) -> str:
    """A ClientRequestToken."""
    return f"{n:032d}"


class Vault:
    def __init__(self, world: World) -> None:
        self.world = world

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.world.call("secretsmanager", operation, **params)

    def make(self, name: str = "s", value: str = "v", **more: Any) -> str:
        """Its ARN."""
        return str(self.call("CreateSecret", Name=name, SecretString=value, **more)["ARN"])

    def value(self, id: str = "s", **more: Any) -> str:
        return str(self.call("GetSecretValue", SecretId=id, **more)["SecretString"])

    def stages(self, id: str = "s") -> dict[str, str]:
        """Staging label → version."""
        found = self.call("DescribeSecret", SecretId=id).get("VersionIdsToStages", {})
        return {label: version for version, labels in found.items() for label in labels}

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """The code and the message."""
        with pytest.raises(ServiceError) as caught:
            self.call(operation, **params)
        return caught.value.code, caught.value.message


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    world = World(tmp_path)
    yield Vault(world)
    world.close()
