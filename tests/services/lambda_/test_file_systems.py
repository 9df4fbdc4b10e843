"""FileSystemConfigs: what compute is told of them, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.lambda_.support import create, refusal
from tests.support.world import ACCOUNT, REGION, World

DIGITS = "0123456789abcdef0"
POINT = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-{DIGITS}"
S3_FILES = f"arn:aws:s3files:{REGION}:{ACCOUNT}:file-system/fs-{DIGITS}/access-point/fsap-{DIGITS}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "owari")
    yield made
    made.close()


def config(arn: str = POINT, path: str = "/mnt/data") -> list[dict[str, str]]:
    return [{"Arn": arn, "LocalMountPath": path}]


def spec_of(world: World) -> dict[str, Any]:
    specs: list[dict[str, Any]] = []
    world.compute.handlers["f"] = lambda _event, spec: specs.append(spec)
    world.call("lambda", "Invoke", FunctionName="f")
    return specs[0]


def test_an_access_point_leads_to_the_file_system_of_its_digits(world: World) -> None:
    assert create(world, FileSystemConfigs=config())["FileSystemConfigs"] == config()
    assert spec_of(world)["file_systems"] == [{"id": f"fs-{DIGITS}", "target": "/mnt/data"}]
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", FileSystemConfigs=[])
    assert "file_systems" not in spec_of(world)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (config(path="/mnt/.."), "InvalidParameterValueException"),
        (config(path="/mnt/."), "InvalidParameterValueException"),
        (config(arn=S3_FILES), "NotImplemented"),
    ],
)
def test_what_cannot_be_mounted_is_refused(world: World, given: Any, code: str) -> None:
    assert refusal(lambda: create(world, FileSystemConfigs=given)).code == code
