"""A job's secrets come from what exists; what does not is why it does not start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.batch.support import BatchWorld

SSM = "arn:aws:ssm:us-east-1:000000000000:parameter"
TOKENS = ("1" * 32, "2" * 32)
UNABLE = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
    " retrieval failed: unable to retrieve "
)
RETRIED = ": service call has been retried 1 time(s): "


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BatchWorld]:
    made = BatchWorld(tmp_path)
    made.set_up()
    made.machine()
    parameter = {"Name": "/db/password", "Value": "old", "Type": "SecureString"}
    made.call("ssm", "PutParameter", **parameter)
    made.call("ssm", "PutParameter", Name="/db/password", Value="hunter2", Overwrite=True)
    made.call("ssm", "PutParameter", Name="top", Value="a,b", Type="StringList")
    yield made
    made.close()


def secret(world: BatchWorld) -> str:
    """An ARN. Two versions of JSON."""
    first, second = ({"user": "u", "port": port, "on": True} for port in (1, 2))
    made = world.call(
        "secretsmanager", "CreateSecret", Name="db", SecretString=json.dumps(first),
        ClientRequestToken=TOKENS[0],
    )  # fmt: skip
    world.call(
        "secretsmanager", "PutSecretValue", SecretId="db", SecretString=json.dumps(second),
        ClientRequestToken=TOKENS[1],
    )  # fmt: skip
    return str(made["ARN"])


def run(world: BatchWorld, source: str) -> dict[str, Any]:
    world.define("s", container={"secrets": [{"name": "SECRET", "valueFrom": source}]})
    id = world.submit(definition="s")
    world.settle(5)
    return world.job(id)


def variable(world: BatchWorld, source: str) -> str:
    job = run(world, source)
    assert job["status"] == "SUCCEEDED", job
    return str(world.compute.started[-1]["variables"]["SECRET"])


def why_not(world: BatchWorld, source: str) -> str:
    job = run(world, source)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert world.compute.started == []
    return str(job["container"]["reason"])


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("/db/password", "hunter2"),
        ("/db/password:1", "old"),
        (f"{SSM}/db/password", "hunter2"),
        (f"{SSM}/db/password:1", "old"),
        ("top", "a,b"),
        (f"{SSM}/top", "a,b"),
    ],
)
def test_parameters(world: BatchWorld, source: str, value: str) -> None:
    assert variable(world, source) == value


@pytest.mark.parametrize(
    ("selectors", "value"),
    [
        ("", '{"user": "u", "port": 2, "on": true}'),
        (":user::", "u"),
        (":port::", "2"),
        (":on::", "true"),
        (":port:AWSPREVIOUS:", "1"),
        (f":port::{TOKENS[0]}", "1"),
        (f":port:AWSCURRENT:{TOKENS[1]}", "2"),
        ("::AWSPREVIOUS:", '{"user": "u", "port": 1, "on": true}'),
    ],
)
def test_secrets(world: BatchWorld, selectors: str, value: str) -> None:
    assert variable(world, secret(world) + selectors) == value


def test_an_arn_without_the_six_characters(world: BatchWorld) -> None:
    assert variable(world, f"{secret(world)[:-7]}:user::") == "u"


def test_a_secret_of_another_region(world: BatchWorld) -> None:
    there = {"region": "eu-west-1"}
    made = world.call("secretsmanager", "CreateSecret", Name="far", SecretString="away", **there)
    world.call("ssm", "PutParameter", Name="/far", Value="off", Type="String", **there)
    assert variable(world, made["ARN"]) == "away"
    assert variable(world, "arn:aws:ssm:eu-west-1:000000000000:parameter/far") == "off"


def test_a_secret_as_a_parameter(world: BatchWorld) -> None:
    secret(world)
    reference = "/aws/reference/secretsmanager/db"
    assert json.loads(variable(world, reference))["port"] == 2
    assert json.loads(variable(world, f"{reference}:AWSPREVIOUS"))["port"] == 1
    assert json.loads(variable(world, f"{reference}:{TOKENS[0]}"))["port"] == 1


@pytest.mark.parametrize("source", ["/none", "/db/password:9", f"{SSM}/none"])
def test_a_missing_parameter(world: BatchWorld, source: str) -> None:
    said = why_not(world, source)
    assert said == f"{UNABLE}secrets from ssm{RETRIED}invalid ssm parameters: {source}"


def test_a_missing_secret(world: BatchWorld) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:none-AbCdEf"
    assert why_not(world, arn) == (
        f"{UNABLE}secret from asm{RETRIED}failed to fetch secret {arn} from secrets manager:"
        " ResourceNotFoundException: Secrets Manager can't find the specified secret."
    )


@pytest.mark.parametrize(
    ("selectors", "words"),
    [
        (":none::", "retrieved secret from Secrets Manager did not contain json key none"),
        (":user", "unexpected ARN format with parameters when trying to retrieve ASM secret"),
        ("::AWSPENDING:", "specified secret value for staging label: AWSPENDING"),
        (f"::AWSCURRENT:{TOKENS[0]}", "InvalidRequestException: You provided a VersionStage that"),
    ],
)
def test_what_a_secret_does_not_have(world: BatchWorld, selectors: str, words: str) -> None:
    said = why_not(world, secret(world) + selectors)
    assert said.startswith(f"{UNABLE}secret from asm{RETRIED}") and words in said


def test_a_secret_that_is_no_variable(world: BatchWorld) -> None:
    call = world.call
    plain = call("secretsmanager", "CreateSecret", Name="plain", SecretString="x")["ARN"]
    assert "the secret is not JSON" in why_not(world, f"{plain}:key::")
    binary = call("secretsmanager", "CreateSecret", Name="binary", SecretBinary=b"x")["ARN"]
    assert "is binary" in why_not(world, binary)
    call("secretsmanager", "DeleteSecret", SecretId="plain")
    assert "because it was marked for deletion." in why_not(world, plain)


def test_the_secret_of_now_when_an_attempt_is_retried(world: BatchWorld) -> None:
    """And it is told to nobody: neither the job nor the outbox has its value."""

    def told() -> str:
        rows = world.kernel.reader.execute("SELECT payload FROM effect").fetchall()
        return json.dumps([world.job(id), *map(list, rows)])

    arn = secret(world)
    world.compute.process = lambda _spec: (1, "")
    world.define(
        "s",
        container={"secrets": [{"name": "SECRET", "valueFrom": f"{arn}:port::"}]},
        retryStrategy={"attempts": 2},
    )
    world.compute.duration = lambda _spec: 10.0
    id = world.submit(definition="s")
    world.settle(5)
    world.call("secretsmanager", "PutSecretValue", SecretId="db", SecretString='{"port": "three"}')
    world.advance(7)
    assert len(world.compute.started) == 2 and world.status(id) == "STARTING"
    assert "three" not in told()
    world.advance(60)
    given = [spec["variables"]["SECRET"] for spec in world.compute.started]
    assert given == ["2", "three"]
    assert "three" not in told()


def test_registry_credentials_are_kept_and_shown(world: BatchWorld) -> None:
    credentials = {"credentialsParameter": secret(world)}
    world.define("r", container={"repositoryCredentials": credentials})
    (found,) = world.batch("DescribeJobDefinitions", jobDefinitionName="r")["jobDefinitions"]
    assert found["containerProperties"]["repositoryCredentials"] == credentials


def test_every_child_of_an_array_has_them(world: BatchWorld) -> None:
    for name, source in (("good", "/db/password"), ("bad", "/none")):
        secrets = [{"name": "SECRET", "valueFrom": source}]
        world.define(name, container={"secrets": secrets})
    good = world.submit(definition="good", arrayProperties={"size": 5})
    bad = world.submit(definition="bad", arrayProperties={"size": 5})
    world.settle(30)
    assert world.summary(good) == {"SUCCEEDED": 5} and world.summary(bad) == {"FAILED": 5}
    assert [spec["variables"]["SECRET"] for spec in world.compute.started] == ["hunter2"] * 5
    reason = world.job(f"{bad}:3")["container"]["reason"]
    assert reason.endswith("invalid ssm parameters: /none")


def test_containers_of_a_task_have_their_own(world: BatchWorld) -> None:
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
    containers = [
        {
            "name": name, "image": "busybox", "command": ["true"], "resourceRequirements": needs,
            "secrets": [{"name": "SECRET", "valueFrom": source}],
        }
        for name, source in (("one", "top"), ("two", "/db/password:1"))
    ]  # fmt: skip
    world.batch(
        "RegisterJobDefinition", jobDefinitionName="several", type="container",
        ecsProperties={"taskProperties": [{"containers": containers}]},
    )  # fmt: skip
    id = world.submit(definition="several")
    world.settle(5)
    assert world.status(id) == "SUCCEEDED", world.job(id)
    assert [spec["variables"]["SECRET"] for spec in world.compute.started] == ["a,b", "old"]
