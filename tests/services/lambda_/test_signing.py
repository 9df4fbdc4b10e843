"""Code signing configurations: there is no signed code here, and enforcing says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.lambda_.support import Neighbour, arn, create, package, refusal, world_with
from tests.support.world import ACCOUNT, REGION, World

PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/abcdefghij"
GONE = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-{'0' * 17}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = world_with(tmp_path, Neighbour())
    yield made
    made.close()


def signing(world: World, policy: str = "", **more: Any) -> dict[str, Any]:
    policies = {"CodeSigningPolicies": {"UntrustedArtifactOnDeployment": policy}} if policy else {}
    made: dict[str, Any] = world.call(
        "lambda",
        "CreateCodeSigningConfig",
        AllowedPublishers={"SigningProfileVersionArns": [PROFILE]},
        **(policies | more),
    )["CodeSigningConfig"]
    return made


def called(world: World, operation: str, **params: Any) -> dict[str, Any]:
    return world.call("lambda", operation, **params)


def test_create_get_update_list_delete(world: World) -> None:
    made = signing(world, Description="d", Tags={"a": "b"})
    its = {"CodeSigningConfigArn": made["CodeSigningConfigArn"]}
    id = made["CodeSigningConfigId"]
    assert made["CodeSigningConfigArn"].endswith(f":code-signing-config:{id}")
    assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    assert called(world, "GetCodeSigningConfig", **its)["CodeSigningConfig"] == made
    assert called(world, "ListTags", Resource=made["CodeSigningConfigArn"])["Tags"] == {"a": "b"}
    called(world, "UpdateCodeSigningConfig", **its, Description="else")
    changed = called(world, "GetCodeSigningConfig", **its)["CodeSigningConfig"]
    assert changed["Description"] == "else"
    assert changed["AllowedPublishers"] == made["AllowedPublishers"]
    signing(world)
    first = called(world, "ListCodeSigningConfigs", MaxItems=1)
    rest = called(world, "ListCodeSigningConfigs", Marker=first["NextMarker"])
    assert len(first["CodeSigningConfigs"] + rest["CodeSigningConfigs"]) == 2
    called(world, "DeleteCodeSigningConfig", **its)
    for operation in ("Get", "Update", "Delete"):
        error = refusal(lambda name=operation: called(world, f"{name}CodeSigningConfig", **its))  # type: ignore[misc]
        assert (error.code, error.status) == ("ResourceNotFoundException", 404)
        assert "can not be found" in error.message


def test_a_function_may_have_one(world: World) -> None:
    made = signing(world)
    its = {"CodeSigningConfigArn": made["CodeSigningConfigArn"]}
    create(world, "f", **its)
    create(world, "g")
    assert called(world, "GetFunctionCodeSigningConfig", FunctionName="f") == {
        **its,
        "FunctionName": "f",
    }
    assert called(world, "GetFunctionCodeSigningConfig", FunctionName="g") == {"FunctionName": "g"}
    called(world, "PutFunctionCodeSigningConfig", FunctionName=arn("g"), **its)
    listed = called(world, "ListFunctionsByCodeSigningConfig", **its)["FunctionArns"]
    assert listed == [arn("f"), arn("g")]
    error = refusal(lambda: called(world, "DeleteCodeSigningConfig", **its))
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    called(world, "DeleteFunctionCodeSigningConfig", FunctionName="f")
    called(world, "DeleteFunction", FunctionName="g")
    called(world, "DeleteCodeSigningConfig", **its)


def test_who_enforces_signatures_gets_no_unsigned_code_deployed(world: World) -> None:
    strict = signing(world, "Enforce")["CodeSigningConfigArn"]
    error = refusal(lambda: create(world, CodeSigningConfigArn=strict))
    assert (error.code, error.status) == ("CodeVerificationFailedException", 400)
    create(world)
    called(world, "PutFunctionCodeSigningConfig", FunctionName="f", CodeSigningConfigArn=strict)
    called(world, "UpdateFunctionConfiguration", FunctionName="f", Timeout=9)

    def update() -> Any:
        return called(world, "UpdateFunctionCode", FunctionName="f", ZipFile=package({"m.py": ""}))

    assert refusal(update).code == "CodeVerificationFailedException"
    loose = {"UntrustedArtifactOnDeployment": "Warn"}
    called(world, "UpdateCodeSigningConfig", CodeSigningConfigArn=strict, CodeSigningPolicies=loose)
    update()


def test_one_that_is_gone(world: World) -> None:
    error = refusal(lambda: create(world, CodeSigningConfigArn=GONE))
    assert (error.code, error.status) == ("CodeSigningConfigNotFoundException", 404)
    create(world)
    error = refusal(
        lambda: called(
            world, "PutFunctionCodeSigningConfig", FunctionName="f", CodeSigningConfigArn=GONE
        )
    )
    assert error.code == "CodeSigningConfigNotFoundException"
