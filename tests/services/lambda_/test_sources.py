"""Where a function's code is, when it is no package: a folder that is reloaded, an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.services.lambda_.support import ROLE, create, package, refusal
from tests.support.world import World

IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/jobs:latest"


@pytest.fixture
def world(tmp_path: Path) -> Any:
    made = World(tmp_path / "owari")
    yield made
    made.close()


def spec_of(world: World) -> dict[str, Any]:
    specs: list[dict[str, Any]] = []
    world.compute.handlers["f"] = lambda _event, spec: specs.append(spec)
    world.call("lambda", "Invoke", FunctionName="f")
    return specs[0]


def test_a_folder_is_used_as_it_is(world: World, tmp_path: Path) -> None:
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    made = create(world, Code=code)
    assert (made["CodeSize"], "CodeSha256" in made) == (0, False)
    spec = spec_of(world)
    assert (spec["code"], spec["code_folder"]) == ("", str(tmp_path))
    found = world.call("lambda", "GetFunction", FunctionName="f")
    assert found["Code"] == {"RepositoryType": "S3", "Location": f"file://{tmp_path}"}
    world.call("lambda", "UpdateFunctionCode", FunctionName="f", ZipFile=package())
    assert "code_folder" not in spec_of(world)
    world.call("lambda", "UpdateFunctionCode", FunctionName="f", **code)
    assert spec_of(world)["code_folder"] == str(tmp_path)
    assert {row["refs"] for row in world.kernel.reader.execute("SELECT refs FROM blob")} == {0}


def test_a_folder_that_is_not_there(world: World, tmp_path: Path) -> None:
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path / "none")}
    error = refusal(lambda: create(world, Code=code))
    assert error.code == "InvalidParameterValueException"
    assert str(tmp_path / "none") in error.message


def test_a_folder_is_named_by_its_whole_path(world: World) -> None:
    code = {"S3Bucket": "hot-reload", "S3Key": "src/app"}
    error = refusal(lambda: create(world, Code=code))
    assert error.message == "S3Key src/app must be a whole path to reload code from."


def test_an_image(world: World) -> None:
    given = {"FunctionName": "f", "Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": IMAGE}}
    config = {"Command": ["app.handler"], "WorkingDirectory": "/app"}
    made = world.call("lambda", "CreateFunction", **given, ImageConfig=config)
    assert (made["PackageType"], made["CodeSize"]) == ("Image", 0)
    assert made["ImageConfigResponse"] == {"ImageConfig": config}
    assert not {"Runtime", "Handler", "RuntimeVersionConfig"} & made.keys()
    spec = spec_of(world)
    assert (spec["code"], spec["image"]) == ("", IMAGE)
    assert spec["image_config"] == {
        "entry_point": None,
        "command": ["app.handler"],
        "working_directory": "/app",
    }
    found = world.call("lambda", "GetFunction", FunctionName="f")
    assert found["Code"] == {"RepositoryType": "ECR", "ImageUri": IMAGE}
    other = IMAGE + "@sha256:" + "0" * 64
    world.call("lambda", "UpdateFunctionCode", FunctionName="f", ImageUri=other)
    assert spec_of(world)["image"] == other
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", ImageConfig={})
    assert spec_of(world)["image_config"]["command"] is None
    wrong = {"ZipFile": package()}
    error = refusal(lambda: world.call("lambda", "UpdateFunctionCode", FunctionName="f", **wrong))
    assert error.code == "InvalidParameterValueException"
    error = refusal(
        lambda: world.call(
            "lambda", "UpdateFunctionConfiguration", FunctionName="f", Runtime="python3.12"
        )
    )
    assert error.code == "InvalidParameterValueException"
    assert refusal(lambda: create(world, "g", Code={"ImageUri": IMAGE})).code == error.code
