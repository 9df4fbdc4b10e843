"""Layers: published, shared, given to functions, and what compute is told of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.services.lambda_.support import create, package, refusal
from tests.support.world import ACCOUNT, REGION, World

OTHER = "111111111111"
INVALID = "InvalidParameterValueException"


@pytest.fixture
def world(tmp_path: Path) -> Any:
    made = World(tmp_path / "owari")
    yield made
    made.close()


def layer_arn(name: str, version: int | None = None, account: str = ACCOUNT) -> str:
    arn = f"arn:aws:lambda:{REGION}:{account}:layer:{name}"
    return arn if version is None else f"{arn}:{version}"


def publish(world: World, name: str = "tools", text: str = "x", **more: Any) -> dict[str, Any]:
    content = {"ZipFile": package({"python/tools.py": text})}
    return world.call("lambda", "PublishLayerVersion", LayerName=name, Content=content, **more)


def spec_of(world: World, name: str = "f") -> dict[str, Any]:
    specs: list[dict[str, Any]] = []
    world.compute.handlers[name] = lambda _event, spec: specs.append(spec)
    world.call("lambda", "Invoke", FunctionName=name)
    return specs[0]


def refs(world: World) -> dict[str, int]:
    return dict(world.kernel.reader.execute("SELECT id, refs FROM blob").fetchall())


def test_a_layer_is_published_under_the_next_number(world: World) -> None:
    first = publish(world, Description="d", CompatibleRuntimes=["python3.12"], LicenseInfo="MIT")
    location = first["Content"].pop("Location")
    code = package({"python/tools.py": "x"})
    assert f"/_owari/code/{hashlib.sha256(code).hexdigest()}?Expires=" in location
    assert first["Content"]["CodeSize"] == len(code)
    assert first == first | {
        "LayerArn": layer_arn("tools"),
        "LayerVersionArn": layer_arn("tools", 1),
        "Version": 1,
        "Description": "d",
        "CompatibleRuntimes": ["python3.12"],
        "LicenseInfo": "MIT",
        "CreatedDate": "2030-01-01T00:00:00.000+0000",
    }
    assert publish(world)["Version"] == 2
    world.call("lambda", "DeleteLayerVersion", LayerName="tools", VersionNumber=2)
    assert publish(world, layer_arn("tools"))["Version"] == 3
    got = world.call("lambda", "GetLayerVersion", LayerName="tools", VersionNumber=1)
    by_arn = world.call("lambda", "GetLayerVersionByArn", Arn=layer_arn("tools", 1))
    assert got == by_arn
    assert got["LayerVersionArn"] == layer_arn("tools", 1)
    error = refusal(lambda: world.call("lambda", "GetLayerVersionByArn", Arn=layer_arn("tools", 2)))
    assert error.code == "ResourceNotFoundException"


def test_lists(world: World) -> None:
    publish(world, "a", CompatibleRuntimes=["python3.12"])
    publish(world, "a", CompatibleRuntimes=["nodejs22.x"])
    publish(world, "b", CompatibleArchitectures=["arm64"])
    newest = world.call("lambda", "ListLayers")["Layers"]
    assert [(x["LayerName"], x["LatestMatchingVersion"]["Version"]) for x in newest] == [
        ("a", 2),
        ("b", 1),
    ]
    matching = world.call("lambda", "ListLayers", CompatibleRuntime="python3.12")["Layers"]
    assert [x["LatestMatchingVersion"]["Version"] for x in matching] == [1]
    arm = world.call("lambda", "ListLayers", CompatibleArchitecture="arm64")["Layers"]
    assert [x["LayerName"] for x in arm] == ["b"]
    page = world.call("lambda", "ListLayerVersions", LayerName="a", MaxItems=1)
    assert [v["Version"] for v in page["LayerVersions"]] == [2]
    rest = world.call("lambda", "ListLayerVersions", LayerName="a", Marker=page["NextMarker"])
    assert [v["Version"] for v in rest["LayerVersions"]] == [1]
    assert world.call("lambda", "ListLayerVersions", LayerName="none") == {"LayerVersions": []}


def test_a_function_gets_its_layers_in_order_and_keeps_them(world: World) -> None:
    publish(world, "a", "one")
    publish(world, "b", "two")
    made = create(world, Layers=[layer_arn("b", 1), layer_arn("a", 1)])
    one, two = (package({"python/tools.py": text}) for text in ("one", "two"))
    assert made["Layers"] == [
        {"Arn": layer_arn("b", 1), "CodeSize": len(two)},
        {"Arn": layer_arn("a", 1), "CodeSize": len(one)},
    ]
    blobs = [hashlib.sha256(data).hexdigest() for data in (two, one)]
    assert spec_of(world)["layers"] == [{"code": blob} for blob in blobs]
    world.call("lambda", "DeleteLayerVersion", LayerName="b", VersionNumber=1)
    assert refs(world)[blobs[0]] == 1
    world.crash()
    assert spec_of(world)["layers"] == [{"code": blob} for blob in blobs]
    world.call("lambda", "PublishVersion", FunctionName="f")
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    assert len(spec_of(world)["layers"]) == 2
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Layers=[])
    assert "layers" not in spec_of(world)
    assert refs(world)[blobs[0]] == 1  # the published version has it
    world.call("lambda", "DeleteFunction", FunctionName="f")
    assert (refs(world)[blobs[0]], refs(world)[blobs[1]]) == (0, 1)


def test_layers_that_a_function_cannot_have(world: World) -> None:
    for _ in range(2):
        publish(world)
    for number in range(6):
        publish(world, f"l{number}")
    cases = [
        ([layer_arn(f"l{n}", 1) for n in range(6)], INVALID, "more than 5 layers"),
        ([layer_arn("tools", 1), layer_arn("tools", 2)], INVALID, "versions of the same layer"),
        ([layer_arn("tools", 3)], INVALID, "does not exist."),
        ([layer_arn("tools", 1).replace(REGION, "eu-west-1")], INVALID, "in the same region"),
        ([layer_arn("tools")], "ValidationException", "regular expression"),
        ([layer_arn("x", 1, OTHER)], INVALID, f"owari layers map {layer_arn('x', 1, OTHER)}=DIR"),
    ]
    for arns, code, message in cases:
        error = refusal(lambda arns=arns: create(world, Layers=arns))  # type: ignore[misc]
        assert (error.code, message in error.message) == (code, True), error.message


def test_a_layer_is_for_runtimes_that_there_are(world: World) -> None:
    publish(world, CompatibleRuntimes=["python3.12", "go1.x"])  # its list may name an old one
    for name, given in (("Runtimes", ["python3.12", "cobol"]), ("Architectures", ["z80"])):
        more = {f"Compatible{name}": given}
        error = refusal(lambda more=more: publish(world, **more))  # type: ignore[misc]
        assert error.code == "ValidationException"
        shown = f"Value '[{', '.join(given)}]' at 'compatible{name}' failed to satisfy constraint"
        assert shown in error.message


def test_code_and_layers_are_bounded_together(world: World) -> None:
    publish(world, "big", "x" * 100)
    world.kernel.limits = type(world.kernel.limits)(function_unzipped_max_bytes=120)
    error = refusal(lambda: create(world, Layers=[layer_arn("big", 1)]))
    assert error.message == (
        "Function code combined with layers exceeds the maximum allowed size of 120 bytes."
        " The actual size is 132 bytes."
    )
    create(world)
    error = refusal(
        lambda: world.call(
            "lambda", "UpdateFunctionConfiguration",
            FunctionName="f", Layers=[layer_arn("big", 1)],
        )
    )  # fmt: skip
    assert error.code == INVALID


def test_another_accounts_layer_must_be_shared(world: World) -> None:
    publish(world, account=OTHER)
    theirs = layer_arn("tools", 1, OTHER)
    named = {"LayerName": "tools", "VersionNumber": 1}
    assert refusal(lambda: create(world, Layers=[theirs])).code == "AccessDeniedException"
    asked = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": ACCOUNT}
    granted = world.call("lambda", "AddLayerVersionPermission", **named, **asked, account=OTHER)
    assert json.loads(granted["Statement"])["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    again = refusal(
        lambda: world.call("lambda", "AddLayerVersionPermission", **named, **asked, account=OTHER)
    )
    assert again.code == "ResourceConflictException"
    policy = world.call("lambda", "GetLayerVersionPolicy", **named, account=OTHER)
    assert policy["RevisionId"] == granted["RevisionId"]
    assert json.loads(policy["Policy"])["Statement"] == [json.loads(granted["Statement"])]
    create(world, Layers=[theirs])
    removed = {"StatementId": "s", "RevisionId": granted["RevisionId"]}
    world.call("lambda", "RemoveLayerVersionPermission", **named, **removed, account=OTHER)
    assert refusal(lambda: create(world, "g", Layers=[theirs])).code == "AccessDeniedException"
    gone = refusal(lambda: world.call("lambda", "GetLayerVersionPolicy", **named, account=OTHER))
    assert gone.code == "ResourceNotFoundException"


def test_a_public_layer_is_a_folder_of_this_machine(world: World) -> None:
    public = layer_arn("ffmpeg", 4, OTHER)
    world.kernel.public_layer = {public: "/opt/layers/ffmpeg"}.get
    assert create(world, Layers=[public])["Layers"] == [{"Arn": public, "CodeSize": 0}]
    assert spec_of(world)["layers"] == [{"folder": "/opt/layers/ffmpeg"}]
