"""State machines, versions, aliases, activities, tags: what the API says and refuses."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.services.stepfunctions.service.driving import (
    PASS,
    ROLE,
    call,
    describe,
    machine,
    refused,
    start,
    states,
)
from tests.support.world import World

OTHER = states(("Q", {"Type": "Pass", "Result": 2}))


def test_creating_is_idempotent_when_nothing_differs(world: World) -> None:
    arn = machine(world, PASS)
    assert machine(world, PASS) == arn
    assert machine(world, PASS, tags=[{"key": "a", "value": "b"}]) == arn
    error = refused(
        world, "CreateStateMachine", name="m", definition=json.dumps(OTHER), roleArn=ROLE
    )
    assert (error.code, error.message) == (
        "StateMachineAlreadyExists",
        f"State Machine Already Exists: '{arn}'",
    )


def test_names_and_definitions_are_checked(world: World) -> None:
    for name in ("a b", "a<b", "x" * 81, 'a"b', "é\x7f"):
        error = refused(
            world, "CreateStateMachine", name=name, definition=json.dumps(PASS), roleArn=ROLE
        )
        assert error.code == "InvalidName", name
    error = refused(
        world,
        "CreateStateMachine",
        name="x",
        definition='{"Comment": "c", "StartAt": "State_1"}',
        roleArn=ROLE,
    )
    assert error.message == (
        "Invalid State Machine Definition:"
        " 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"
    )
    described = refused(
        world,
        "CreateStateMachine",
        name="x",
        definition=json.dumps(PASS),
        roleArn=ROLE,
        versionDescription="v",
    )
    assert described.message == "Version description can only be set when publish is true"


def test_describe_list_update_delete(world: World) -> None:
    arn = machine(world, PASS)
    machine(world, PASS, "n", type="EXPRESS")
    told = call(world, "DescribeStateMachine", stateMachineArn=arn)
    assert json.loads(told["definition"]) == PASS
    assert (told["status"], told["type"], told["roleArn"]) == ("ACTIVE", "STANDARD", ROLE)
    assert told["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}
    assert "revisionId" not in told
    page = call(world, "ListStateMachines", maxResults=1)
    rest = call(world, "ListStateMachines", maxResults=1, nextToken=page["nextToken"])
    assert [m["name"] for p in (page, rest) for m in p["stateMachines"]] == ["m", "n"]
    assert refused(world, "UpdateStateMachine", stateMachineArn=arn).code == (
        "MissingRequiredParameter"
    )
    call(world, "DeleteStateMachine", stateMachineArn=arn)
    call(world, "DeleteStateMachine", stateMachineArn=arn)
    gone = refused(world, "DescribeStateMachine", stateMachineArn=arn)
    assert gone.message == f"State Machine Does Not Exist: '{arn}'"


def test_deleting_stops_what_runs(world: World) -> None:
    arn = machine(world, states(("W", {"Type": "Wait", "Seconds": 60})))
    running = start(world, arn)
    call(world, "DeleteStateMachine", stateMachineArn=arn)
    assert describe(world, running)["status"] == "ABORTED"
    assert not world.effects()


def test_versions_are_published_once_per_revision(world: World) -> None:
    arn = machine(world, PASS)
    one = call(world, "PublishStateMachineVersion", stateMachineArn=arn)
    assert one["stateMachineVersionArn"] == f"{arn}:1"
    again = call(world, "PublishStateMachineVersion", stateMachineArn=arn)
    assert again["stateMachineVersionArn"] == f"{arn}:1"
    updated = call(
        world,
        "UpdateStateMachine",
        stateMachineArn=arn,
        definition=json.dumps(OTHER),
        publish=True,
        versionDescription="second",
    )
    assert updated["stateMachineVersionArn"] == f"{arn}:2"
    second = call(world, "DescribeStateMachine", stateMachineArn=f"{arn}:2")
    assert second["description"] == "second" and json.loads(second["definition"]) == OTHER
    conflict = refused(
        world, "PublishStateMachineVersion", stateMachineArn=arn, revisionId="INITIAL"
    )
    assert conflict.code == "ConflictException"
    listed = call(world, "ListStateMachineVersions", stateMachineArn=arn)
    numbers = [v["stateMachineVersionArn"][-1] for v in listed["stateMachineVersions"]]
    assert numbers == ["2", "1"]
    old = start(world, f"{arn}:1", {"a": 1})
    assert json.loads(describe(world, old)["output"]) == {"a": 1}
    assert describe(world, old)["stateMachineVersionArn"] == f"{arn}:1"
    call(world, "DeleteStateMachineVersion", stateMachineVersionArn=f"{arn}:1")
    assert refused(world, "StartExecution", stateMachineArn=f"{arn}:1").code == (
        "StateMachineDoesNotExist"
    )


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "²"])
def test_a_version_that_no_machine_can_have(world: World, number: str) -> None:
    arn = f"{machine(world, PASS)}:{number}"
    for operation in ("DescribeStateMachine", "StartExecution"):
        code = refused(world, operation, stateMachineArn=arn).code
        assert code in ("StateMachineDoesNotExist", "InvalidArn"), code
    assert refused(world, "DeleteStateMachineVersion", stateMachineVersionArn=arn).code in (
        "InvalidArn",
        "ValidationException",
    )


def test_an_alias_routes_by_weight(world: World) -> None:
    arn = machine(world, PASS, publish=True)
    call(
        world,
        "UpdateStateMachine",
        stateMachineArn=arn,
        definition=json.dumps(OTHER),
        publish=True,
    )
    routes = [
        {"stateMachineVersionArn": f"{arn}:1", "weight": 80},
        {"stateMachineVersionArn": f"{arn}:2", "weight": 20},
    ]
    alias = call(world, "CreateStateMachineAlias", name="live", routingConfiguration=routes)[
        "stateMachineAliasArn"
    ]
    assert alias == f"{arn}:live"
    ran = Counter(
        describe(world, start(world, alias))["stateMachineVersionArn"] for _ in range(100)
    )
    assert ran[f"{arn}:1"] > 60 and ran[f"{arn}:2"] > 5
    bad = [{"stateMachineVersionArn": f"{arn}:1", "weight": 80}]
    assert refused(
        world, "UpdateStateMachineAlias", stateMachineAliasArn=alias, routingConfiguration=bad
    ).code == ("ValidationException")
    held = refused(world, "DeleteStateMachineVersion", stateMachineVersionArn=f"{arn}:2")
    assert "[live]" in held.message
    call(world, "UpdateStateMachineAlias", stateMachineAliasArn=alias, description="d")
    told = call(world, "DescribeStateMachineAlias", stateMachineAliasArn=alias)
    assert (told["description"], told["routingConfiguration"]) == ("d", routes)
    listed = call(world, "ListStateMachineAliases", stateMachineArn=f"{arn}:2")
    assert [a["stateMachineAliasArn"] for a in listed["stateMachineAliases"]] == [alias]
    call(world, "DeleteStateMachineAlias", stateMachineAliasArn=alias)
    assert refused(world, "DescribeStateMachineAlias", stateMachineAliasArn=alias).code == (
        "ResourceNotFound"
    )


def test_logging_needs_a_group_that_exists(world: World) -> None:
    def logging(*names: str) -> dict[str, object]:
        prefix = "arn:aws:logs:us-east-1:000000000000:log-group:"
        places = [{"cloudWatchLogsLogGroup": {"logGroupArn": f"{prefix}{n}:*"}} for n in names]
        return {"level": "ALL", "destinations": places}

    given = {"name": "l", "definition": json.dumps(PASS), "roleArn": ROLE}
    missing = refused(world, "CreateStateMachine", **given, loggingConfiguration=logging("g"))
    assert missing.message == "Invalid Logging Configuration: Log Destination not found."
    for names in ((), ("g", "h")):
        wrong = refused(world, "CreateStateMachine", **given, loggingConfiguration=logging(*names))
        assert wrong.message == (
            "Invalid Logging Configuration: Must specify exactly one Log Destination."
        )
    world.call("logs", "CreateLogGroup", logGroupName="g")
    settings = {**logging("g"), "includeExecutionData": True}
    arn = call(world, "CreateStateMachine", **given, loggingConfiguration=settings)
    start(world, arn["stateMachineArn"], {"a": 1})
    world.settle()
    found = world.call("logs", "FilterLogEvents", logGroupName="g")["events"]
    entries = [json.loads(event["message"]) for event in found]
    assert [e["type"] for e in entries] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert json.loads(entries[0]["details"]["input"]) == {"a": 1}


def test_activities(world: World) -> None:
    made = call(world, "CreateActivity", name="a", tags=[{"key": "k", "value": "v"}])
    assert call(world, "CreateActivity", name="a") == made
    arn = made["activityArn"]
    assert call(world, "DescribeActivity", activityArn=arn)["name"] == "a"
    assert [a["name"] for a in call(world, "ListActivities")["activities"]] == ["a"]
    tags = call(world, "ListTagsForResource", resourceArn=arn)["tags"]
    assert tags == [{"key": "k", "value": "v"}]
    call(world, "DeleteActivity", activityArn=arn)
    assert refused(world, "DescribeActivity", activityArn=arn).message == (
        f"Activity Does Not Exist: '{arn}'"
    )


def test_tags(world: World) -> None:
    arn = machine(world, PASS, tags=[{"key": "a", "value": "1"}])
    call(world, "TagResource", resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    call(world, "UntagResource", resourceArn=arn, tagKeys=["a"])
    assert call(world, "ListTagsForResource", resourceArn=arn)["tags"] == [
        {"key": "b", "value": "2"}
    ]
    assert refused(world, "ListTagsForResource", resourceArn=f"{arn}x").code == "ResourceNotFound"
    many = [{"key": str(n), "value": ""} for n in range(51)]
    assert refused(world, "TagResource", resourceArn=arn, tags=many).code == "TooManyTags"


def test_accounts_and_regions_are_apart(world: World) -> None:
    arn = machine(world, PASS)
    other = {"account": "111111111111"}
    assert not world.call("stepfunctions", "ListStateMachines", **other)["stateMachines"]
    assert not world.call("stepfunctions", "ListStateMachines", region="eu-west-1")["stateMachines"]
    start(world, arn, name="same")
    made = world.call(
        "stepfunctions",
        "CreateStateMachine",
        name="m",
        definition=json.dumps(PASS),
        roleArn=ROLE,
        region="eu-west-1",
    )
    world.call(
        "stepfunctions",
        "StartExecution",
        stateMachineArn=made["stateMachineArn"],
        name="same",
        region="eu-west-1",
    )
