from __future__ import annotations

import base64
import hashlib
from typing import Any

import botocore.session
import pytest

from owari.errors import ServiceError
from owari.wire.message import Body, Segment
from tests.services.lambda_.support import (
    Neighbour,
    arn,
    create,
    package,
    refusal,
    world_with,
)
from tests.support.world import World


def get(world: World, name: str = "f", **more: Any) -> dict[str, Any]:
    return world.call("lambda", "GetFunctionConfiguration", FunctionName=name, **more)


def test_a_new_function_is_active_once_it_is_there(world: World) -> None:
    pending = create(world, Description="says hello", Tags={"team": "a"})
    assert (pending["State"], pending["StateReasonCode"]) == ("Pending", "Creating")
    made = get(world)
    code = package()
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert made["CodeSize"] == len(code)
    assert made["FunctionArn"] == arn("f")
    assert made["LastModified"] == "2030-01-01T00:00:00.000+0000"
    assert (made["State"], made["LastUpdateStatus"]) == ("Active", "Successful")
    assert made["Version"] == "$LATEST"
    found = world.call("lambda", "GetFunction", FunctionName=arn("f"))
    location = found["Code"].pop("Location")
    assert f"/_owari/code/{hashlib.sha256(code).hexdigest()}?Expires=" in location
    assert found == {
        "Configuration": made,
        "Code": {"RepositoryType": "S3"},
        "Tags": {"team": "a"},
    }
    qualified = get(world, Qualifier="$LATEST")
    assert qualified == made | {"FunctionArn": arn("f", "$LATEST")}


def test_a_name_is_taken_once_per_account_and_region(world: World) -> None:
    create(world)
    error = refusal(lambda: create(world))
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    assert error.message == "Function already exist: f"
    create(world, region="eu-west-1")
    create(world, account="111111111111")
    for where in ({}, {"region": "eu-west-1"}, {"account": "111111111111"}):
        assert len(world.call("lambda", "ListFunctions", **where)["Functions"]) == 1


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetFunction", {}),
        ("GetFunctionConfiguration", {}),
        ("DeleteFunction", {}),
        ("UpdateFunctionCode", {"ZipFile": b"x"}),
        ("UpdateFunctionConfiguration", {"Timeout": 5}),
        ("GetFunctionConcurrency", {}),
        ("PutFunctionConcurrency", {"ReservedConcurrentExecutions": 1}),
        ("DeleteFunctionConcurrency", {}),
        ("GetPolicy", {}),
        ("AddPermission", {"StatementId": "s", "Action": "lambda:*", "Principal": "*"}),
        ("RemovePermission", {"StatementId": "s"}),
        ("ListFunctionEventInvokeConfigs", {}),
        ("ListVersionsByFunction", {}),
        ("PublishVersion", {}),
        ("Invoke", {}),
        ("InvokeAsync", {"InvokeArgs": b"{}"}),
    ],
)
def test_an_unknown_function(world: World, operation: str, params: dict[str, Any]) -> None:
    error = refusal(lambda: world.call("lambda", operation, FunctionName="ghost", **params))
    assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    sought = arn("ghost", "$LATEST") if operation.startswith("Invoke") else arn("ghost")
    assert error.message == f"Function not found: {sought}"


def test_unknown_versions_and_aliases(world: World) -> None:
    create(world)
    assert refusal(lambda: get(world, "f:7")).message == f"Function not found: {arn('f', '7')}"
    error = refusal(lambda: get(world, Qualifier="live"))
    assert error.message == f"Cannot find alias arn: {arn('f', 'live')}"
    error = refusal(lambda: world.call("lambda", "Invoke", FunctionName="f:live"))
    assert error.message == f"Function not found: {arn('f', 'live')}"


def test_configuration_changes(world: World) -> None:
    create(world)
    made = get(world)
    world.advance(60)
    answer = world.call(
        "lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=30, Handler="a.b"
    )
    assert answer["LastUpdateStatus"] == "InProgress"
    changed = get(world)
    assert answer["RevisionId"] == changed["RevisionId"]
    assert changed["LastModified"] == "2030-01-01T00:01:00.000+0000"
    assert changed["RevisionId"] != made["RevisionId"]
    kept = {k: v for k, v in made.items() if k not in ("LastModified", "RevisionId")}
    assert changed == changed | kept | {"Timeout": 30, "Handler": "a.b"}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("UpdateFunctionConfiguration", {"Timeout": 9}),
        ("UpdateFunctionCode", {"ZipFile": package({"b": "c"})}),
        ("PublishVersion", {}),
        ("AddPermission", {"StatementId": "s", "Action": "lambda:*", "Principal": "*"}),
    ],
)
def test_revisions_are_checked(world: World, operation: str, params: dict[str, Any]) -> None:
    revision = create(world)["RevisionId"]
    named = {"FunctionName": "f", **params}
    error = refusal(lambda: world.call("lambda", operation, **named, RevisionId="old"))
    assert (error.code, error.status) == ("PreconditionFailedException", 412)
    world.call("lambda", operation, **named, RevisionId=revision)


def test_code_changes_and_old_code_is_let_go(world: World) -> None:
    create(world)
    other = package({"main.py": "other"})
    changed = world.call("lambda", "UpdateFunctionCode", FunctionName="f", ZipFile=other)
    assert (changed["CodeSize"], changed["LastUpdateStatus"]) == (len(other), "InProgress")
    assert get(world)["CodeSha256"] == changed["CodeSha256"]
    refs = dict(world.kernel.reader.execute("SELECT id, refs FROM blob").fetchall())
    assert refs == {
        hashlib.sha256(package()).hexdigest(): 0,
        hashlib.sha256(other).hexdigest(): 1,
    }
    world.call("lambda", "DeleteFunction", FunctionName="f")
    assert {row["refs"] for row in world.kernel.reader.execute("SELECT refs FROM blob")} == {0}


def test_a_dry_run_changes_nothing(world: World) -> None:
    create(world)
    made = get(world)
    other = package({"main.py": "other"})
    answer = world.call(
        "lambda", "UpdateFunctionCode", FunctionName="f", ZipFile=other, DryRun=True
    )
    assert answer["CodeSize"] == len(other)
    assert get(world) == made
    assert refusal(
        lambda: world.call(
            "lambda", "UpdateFunctionCode", FunctionName="f", ZipFile=b"no", DryRun=True
        )
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ({}, "Please provide a source for function code."),
        ({"S3Bucket": "b"}, "Please provide a source for function code."),
        (
            {"ZipFile": package(), "S3Bucket": "b"},
            "Please do not provide other FunctionCode parameters when providing a ZipFile.",
        ),
        ({"ZipFile": b""}, "Uploaded file must be a non-empty zip"),
        (
            {"ZipFile": b"junk"},
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
    ],
)
def test_bad_code(world: World, code: dict[str, Any], message: str) -> None:
    error = refusal(lambda: create(world, Code=code))
    assert (error.code, error.message) == ("InvalidParameterValueException", message)
    assert world.call("lambda", "ListFunctions") == {"Functions": []}


def test_code_from_s3(tmp_path: Any) -> None:
    data = package({"main.py": "x" * 500})
    stored = tmp_path / "object"
    stored.write_bytes(b"......" + data[100:])
    body = Body(
        (
            Segment(data=data[:100], length=100),
            Segment(path=str(stored), offset=6, length=len(data) - 100),
        )
    )
    neighbour = Neighbour(answers={"GetObject": {"Body": body}})
    world = world_with(tmp_path / "owari", neighbour)
    made = create(world, Code={"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "v"})
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert neighbour.calls("s3:GetObject") == [{"Bucket": "b", "Key": "k", "VersionId": "v"}]
    neighbour.answers["GetObject"] = ServiceError(
        "NoSuchKey", "The specified key does not exist.", status=404
    )
    error = refusal(lambda: create(world, "g", Code={"S3Bucket": "b", "S3Key": "k"}))
    assert error.message == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey."
        " S3 Error Message: The specified key does not exist."
    )
    world.close()


def test_listing_pages_by_name(world: World) -> None:
    names = sorted(f"f{n:02}" for n in range(7))
    for name in reversed(names):
        create(world, name)
    found: list[str] = []
    marker: dict[str, str] = {}
    for _ in range(3):
        page = world.call("lambda", "ListFunctions", MaxItems=3, **marker)
        assert all("State" not in f for f in page["Functions"])
        found += [f["FunctionName"] for f in page["Functions"]]
        marker = {"Marker": page["NextMarker"]} if "NextMarker" in page else {}
    assert found == names
    assert not marker
    error = refusal(lambda: world.call("lambda", "ListFunctions", Marker="???"))
    assert error.code == "InvalidParameterValueException"


def test_deleting_takes_everything_with_it(world: World) -> None:
    create(world, Tags={"a": "b"})
    world.call("lambda", "PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=5)
    world.call(
        "lambda", "AddPermission",
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="*",
    )  # fmt: skip
    world.call("lambda", "PutFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=0)
    error = refusal(lambda: world.call("lambda", "DeleteFunction", FunctionName="f:$LATEST"))
    assert error.message == "$LATEST version cannot be deleted without deleting the function."
    assert world.call("lambda", "DeleteFunction", FunctionName="f") == {"StatusCode": 204}
    create(world)
    assert world.call("lambda", "GetFunctionConcurrency", FunctionName="f") == {}
    assert refusal(lambda: world.call("lambda", "GetPolicy", FunctionName="f"))
    assert refusal(lambda: world.call("lambda", "GetFunctionEventInvokeConfig", FunctionName="f"))
    assert world.call("lambda", "ListTags", Resource=arn("f")) == {"Tags": {}}


def test_functions_survive_a_crash(world: World) -> None:
    create(world)
    made = get(world)
    world.crash()
    assert get(world) == made


def test_versions_keep_what_was_published(world: World) -> None:
    made = create(world, Publish=True)
    assert (made["Version"], made["FunctionArn"]) == ("1", arn("f", "1"))
    again = world.call("lambda", "PublishVersion", FunctionName="f")
    assert again == made
    described = world.call("lambda", "PublishVersion", FunctionName="f", Description="else")
    assert described == made  # a description alone is no new version
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=99)
    second = world.call("lambda", "PublishVersion", FunctionName="f", Description="two")
    assert (second["Version"], second["Timeout"], second["Description"]) == ("2", 99, "two")
    assert world.call("lambda", "PublishVersion", FunctionName="f") == second
    assert get(world, "f:1")["Timeout"] == 3
    listed = world.call("lambda", "ListVersionsByFunction", FunctionName="f")["Versions"]
    assert [v["Version"] for v in listed] == ["$LATEST", "1", "2"]
    everything = world.call("lambda", "ListFunctions", FunctionVersion="ALL")["Functions"]
    assert [v["Version"] for v in everything] == ["$LATEST", "1", "2"]
    assert len(world.call("lambda", "ListFunctions")["Functions"]) == 1
    world.call("lambda", "DeleteFunction", FunctionName="f", Qualifier="2")
    assert refusal(lambda: get(world, "f:2")).code == "ResourceNotFoundException"
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=98)
    assert world.call("lambda", "PublishVersion", FunctionName="f")["Version"] == "3"
    error = refusal(
        lambda: world.call("lambda", "PublishVersion", FunctionName="f", CodeSha256="else")
    )
    assert "is different from current CodeSHA256 in $LATEST" in error.message


def test_tags(world: World) -> None:
    create(world, Tags={"a": "1"})
    world.call("lambda", "TagResource", Resource=arn("f"), Tags={"b": "2", "c": "3"})
    world.call("lambda", "UntagResource", Resource=arn("f"), TagKeys=["a", "c"])
    assert world.call("lambda", "ListTags", Resource=arn("f")) == {"Tags": {"b": "2"}}


@pytest.mark.parametrize(
    ("resource", "tags", "code"),
    [
        (arn("f"), {f"k{n}": "" for n in range(51)}, "InvalidParameterValueException"),
        (arn("f"), {"aws:mine": ""}, "InvalidParameterValueException"),
        (arn("f"), {}, "InvalidParameterValueException"),
        (arn("f"), {"k" * 129: ""}, "ValidationException"),
        (arn("f", "1"), {"a": ""}, "InvalidParameterValueException"),
        (arn("ghost"), {"a": ""}, "ResourceNotFoundException"),
        ("arn:aws:lambda:us-east-1:000000000000:layer:l", {"a": ""}, "ResourceNotFoundException"),
        ("arn:aws:s3:::b", {"a": ""}, "ValidationException"),
    ],
)
def test_bad_tags(world: World, resource: str, tags: dict[str, str], code: str) -> None:
    create(world)
    error = refusal(lambda: world.call("lambda", "TagResource", Resource=resource, Tags=tags))
    assert error.code == code


def test_reserved_concurrency_leaves_some_for_the_rest(world: World) -> None:
    create(world)
    create(world, "g")
    put = {"ReservedConcurrentExecutions": 600}
    assert world.call("lambda", "PutFunctionConcurrency", FunctionName="f", **put) == put
    assert world.call("lambda", "GetFunctionConcurrency", FunctionName="f") == put
    assert world.call("lambda", "GetFunction", FunctionName="f")["Concurrency"] == put
    settings = world.call("lambda", "GetAccountSettings")
    assert settings["AccountLimit"]["UnreservedConcurrentExecutions"] == 400
    assert settings["AccountUsage"] == {"TotalCodeSize": 2 * len(package()), "FunctionCount": 2}
    reserve = {"FunctionName": "g", "ReservedConcurrentExecutions": 301}
    error = refusal(lambda: world.call("lambda", "PutFunctionConcurrency", **reserve))
    assert error.message == (
        "Specified ReservedConcurrentExecutions for function decreases account's"
        " UnreservedConcurrentExecution below its minimum value of [100]."
    )
    world.call(
        "lambda", "PutFunctionConcurrency", **reserve | {"ReservedConcurrentExecutions": 300}
    )
    world.call("lambda", "DeleteFunctionConcurrency", FunctionName="f")
    assert world.call("lambda", "GetFunctionConcurrency", FunctionName="f") == {}
    error = refusal(
        lambda: world.call("lambda", "PutFunctionConcurrency", FunctionName="f:$LATEST", **put)
    )
    assert "permitted on Lambda functions only" in error.message


def test_policies(world: World) -> None:
    revision = create(world)["RevisionId"]
    give = {
        "FunctionName": "f",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
    }
    world.call("lambda", "AddPermission", StatementId="one", **give)
    world.call("lambda", "AddPermission", StatementId="two", **give)
    error = refusal(lambda: world.call("lambda", "AddPermission", StatementId="one", **give))
    assert error.code == "ResourceConflictException"
    assert error.message.startswith("The statement id (one) provided already exists.")
    found = world.call("lambda", "GetPolicy", FunctionName="f")
    assert found["RevisionId"] == get(world)["RevisionId"] != revision
    assert found["Policy"].startswith('{"Version":"2012-10-17","Id":"default","Statement":[{"Sid"')
    assert found["Policy"].index('"one"') < found["Policy"].index('"two"')
    world.call("lambda", "RemovePermission", FunctionName="f", StatementId="one")
    error = refusal(
        lambda: world.call("lambda", "RemovePermission", FunctionName="f", StatementId="one")
    )
    assert error.message == "Statement one is not found in resource policy."
    world.call("lambda", "RemovePermission", FunctionName="f", StatementId="two")
    error = refusal(
        lambda: world.call("lambda", "RemovePermission", FunctionName="f", StatementId="two")
    )
    assert error.message == "No policy is associated with the given resource."
    error = refusal(lambda: world.call("lambda", "GetPolicy", FunctionName="f"))
    assert error.message == "The resource you requested does not exist."
    error = refusal(
        lambda: world.call("lambda", "AddPermission", StatementId="x", **give, Qualifier="$LATEST")
    )
    assert error.message == "We currently do not support adding policies for $LATEST."


def test_a_policy_keeps_environments_warm(world: World) -> None:
    create(world)
    environments: list[str] = []
    world.compute.handlers["f"] = lambda _event, spec: environments.append(spec["environment"])
    world.call("lambda", "Invoke", FunctionName="f")
    world.call(
        "lambda", "AddPermission",
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="*",
    )  # fmt: skip
    world.call("lambda", "Invoke", FunctionName="f")
    world.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=4)
    world.call("lambda", "Invoke", FunctionName="f")
    assert environments[0] == environments[1] != environments[2]


def test_answers_have_only_members_that_the_service_model_knows(world: World) -> None:
    model = botocore.session.get_session().get_service_model("lambda")
    made = create(
        world,
        Publish=True,
        Tags={"a": "b"},
        Environment={"Variables": {"AB": "1"}},
        VpcConfig={"SubnetIds": ["subnet-1"]},
        KMSKeyArn="arn:aws:kms:us-east-1:000000000000:key/k",
        DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"},
    )
    world.call("lambda", "PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=1)
    named = {"FunctionName": "f"}
    answers = {
        "CreateFunction": made,
        "GetFunction": world.call("lambda", "GetFunction", **named),
        "ListFunctions": world.call("lambda", "ListFunctions"),
        "GetAccountSettings": world.call("lambda", "GetAccountSettings"),
        "PutFunctionEventInvokeConfig": world.call(
            "lambda", "PutFunctionEventInvokeConfig", **named, MaximumRetryAttempts=1
        ),
    }
    for operation, answer in answers.items():
        assert unknown_members(answer, model.operation_model(operation).output_shape) == []


def unknown_members(value: Any, shape: Any) -> list[str]:
    match shape.type_name:
        case "structure":
            return [key for key in value if key not in shape.members] + [
                found
                for key in value
                if key in shape.members
                for found in unknown_members(value[key], shape.members[key])
            ]
        case "list":
            return [found for item in value for found in unknown_members(item, shape.member)]
        case _:
            return []


def test_the_runtime_management_is_recorded(world: World) -> None:
    create(world)
    named = {"FunctionName": "f"}
    arn_of_latest = arn("f", "$LATEST")
    found = world.call("lambda", "GetRuntimeManagementConfig", **named)
    assert found == {"FunctionArn": arn_of_latest, "UpdateRuntimeOn": "Auto"}
    put = {"UpdateRuntimeOn": "FunctionUpdate"}
    assert world.call("lambda", "PutRuntimeManagementConfig", **named, **put) == found | put
    wrong = {"UpdateRuntimeOn": "Manual"}
    error = refusal(lambda: world.call("lambda", "PutRuntimeManagementConfig", **named, **wrong))
    assert error.code == "InvalidParameterValueException"
    world.call("lambda", "DeleteFunction", **named)
    create(world)
    assert world.call("lambda", "GetRuntimeManagementConfig", **named) == found
