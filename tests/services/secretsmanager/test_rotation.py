"""Rotations: four calls of a function, on demand and on schedule, whatever goes wrong."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from owari.compute.fake import FunctionError, SystemFailure
from owari.services.secretsmanager.schedule import check_rules, next_window
from tests.services.secretsmanager.conftest import Vault, token
from tests.services.secretsmanager.rotor import FUNCTION, Rotor
from tests.support.world import START, Disconnected, World

DAY, HOUR = 86_400.0, 3_600.0
FOUR = ["createSecret", "setSecret", "testSecret", "finishSecret"]
INCOMPLETE = (
    "InvalidRequestException",
    "A previous rotation isn't complete. That rotation will be reattempted.",
)


@pytest.fixture
def rotor(vault: Vault) -> Rotor:
    vault.make(value="password 0", ClientRequestToken=token(1))
    return Rotor(vault)


def rotate(vault: Vault, **more: Any) -> str:
    answer = vault.call("RotateSecret", SecretId="s", RotationLambdaARN=FUNCTION, **more)
    return str(answer["VersionId"])


def test_a_secret_is_rotated_at_once(vault: Vault, rotor: Rotor) -> None:
    version = rotate(vault, ClientRequestToken=token(2))
    assert version == token(2)
    assert vault.stages() == {"AWSCURRENT": token(1), "AWSPENDING": token(2)}
    assert vault.call("RotateSecret", SecretId="s", ClientRequestToken=token(2))["VersionId"]
    assert vault.refused("RotateSecret", SecretId="s") == INCOMPLETE
    vault.world.settle()
    assert rotor.steps == FOUR
    assert vault.value() == "password 1" == rotor.password
    assert vault.stages() == {
        "AWSCURRENT": token(2), "AWSPENDING": token(2), "AWSPREVIOUS": token(1),
    }  # fmt: skip
    found = vault.call("DescribeSecret", SecretId="s")
    assert (found["RotationEnabled"], found["RotationLambdaARN"]) == (True, FUNCTION)
    assert found["LastRotatedDate"] > START and "NextRotationDate" not in found
    vault.call("RotateSecret", SecretId="s")
    vault.world.settle()
    assert vault.value() == "password 2" and vault.world.effects() == []


def test_on_schedule(vault: Vault, rotor: Rotor) -> None:
    rotate(vault, RotationRules={"ScheduleExpression": "cron(0 4 ? * SUN *)", "Duration": "2h"})
    vault.world.settle()
    assert vault.value() == "password 1"
    sunday = START + 5 * DAY + 4 * HOUR
    assert vault.call("DescribeSecret", SecretId="s")["NextRotationDate"] == sunday + 2 * HOUR
    vault.world.advance(sunday - vault.world.clock.now() - 1)
    assert vault.value() == "password 1"
    vault.world.advance(2 * HOUR + 2)
    assert vault.value() == "password 2" == rotor.password
    vault.world.advance(14 * DAY)
    assert vault.value() == "password 4"
    spans = vault.world.kernel.reader.execute(
        "SELECT COUNT(*) FROM span WHERE name = 'secretsmanager:Rotation'"
    )
    assert spans.fetchone()[0] == 3


def test_the_days_are_counted_from_the_last_rotation(vault: Vault, rotor: Rotor) -> None:
    rotate(vault, RotationRules={"AutomaticallyAfterDays": 10})
    vault.world.advance(6 * DAY)
    vault.call("RotateSecret", SecretId="s")
    vault.world.settle()
    assert vault.value() == "password 2"
    assert vault.call("DescribeSecret", SecretId="s")["NextRotationDate"] == START + 17 * DAY
    vault.world.advance(9.9 * DAY)
    assert vault.value() == "password 2"
    vault.world.advance(1.1 * DAY)
    assert vault.value() == "password 3" and rotor.steps == FOUR * 3


def test_not_at_once_only_tries_the_function(vault: Vault, rotor: Rotor) -> None:
    rules = {"AutomaticallyAfterDays": 1}
    rotate(vault, RotationRules=rules, RotateImmediately=False)
    vault.world.settle()
    assert rotor.steps == ["testSecret"]
    assert vault.stages() == {"AWSCURRENT": token(1)} and vault.value() == "password 0"
    assert "LastRotatedDate" not in vault.call("DescribeSecret", SecretId="s")
    vault.world.advance(2 * DAY)
    assert vault.value() == "password 1"


def test_a_trial_that_takes_the_label_away_itself(vault: Vault, rotor: Rotor) -> None:
    def handle(event: dict[str, Any], _spec: Any) -> None:
        away = {"SecretId": "s", "RemoveFromVersionId": event["ClientRequestToken"]}
        vault.call("UpdateSecretVersionStage", VersionStage="AWSPENDING", **away)

    vault.world.compute.handlers["rotor"] = handle
    rotate(vault, RotateImmediately=False)
    vault.world.settle()
    assert vault.stages() == {"AWSCURRENT": token(1)} and vault.world.effects() == []


def test_a_step_that_fails_has_all_of_it_tried_again(vault: Vault, rotor: Rotor) -> None:
    failures = [FunctionError("E", "no database"), SystemFailure("lost"), None]

    def trouble(step: str) -> None:
        problem = failures.pop(0) if step == "setSecret" else None
        if problem is not None:
            raise problem

    rotor.trouble = trouble
    rotate(vault, ClientRequestToken=token(2))
    vault.world.advance(200)
    assert rotor.steps == [*FOUR[:2], *FOUR[:2], *FOUR]
    assert vault.value() == "password 1" and vault.stages()["AWSCURRENT"] == token(2)


def test_what_fails_for_good_is_told_and_begun_with_next_time(vault: Vault, rotor: Rotor) -> None:
    def trouble(step: str) -> None:
        if step == "testSecret":
            raise FunctionError("E", "bad luck")

    rotor.trouble = trouble
    rotate(vault, ClientRequestToken=token(2), RotationRules={"AutomaticallyAfterDays": 1})
    vault.world.advance(HOUR)
    assert rotor.steps == FOUR[:3] * 5
    assert vault.stages() == {"AWSCURRENT": token(1), "AWSPENDING": token(2)}
    assert vault.value() == "password 0"
    assert vault.refused("RotateSecret", SecretId="s") == INCOMPLETE
    (notice,) = vault.world.call("owari", "GetOverview")["Notices"]
    assert (notice["Kind"], notice["Name"], notice["Alarming"]) == ("secret", "s", True)
    assert notice["Reason"] == "its rotation failed, testSecret: E: bad luck"
    rotor.trouble = lambda _step: None
    vault.world.advance(2 * DAY)
    assert vault.stages()["AWSCURRENT"] == token(2) and vault.value() == "password 1"
    assert vault.world.call("owari", "GetOverview")["Notices"] == []


def test_a_function_that_does_not_finish_has_not_rotated(vault: Vault, rotor: Rotor) -> None:
    vault.world.compute.handlers["rotor"] = lambda event, _spec: rotor.steps.append(event["Step"])
    rotate(vault)
    vault.world.advance(HOUR)
    assert rotor.steps == FOUR * 5
    assert "LastRotatedDate" not in vault.call("DescribeSecret", SecretId="s")


def test_cancelled_in_the_middle(vault: Vault, rotor: Rotor) -> None:
    vault.world.compute.duration = lambda _spec: 60.0
    rotate(vault, ClientRequestToken=token(2), RotationRules={"AutomaticallyAfterDays": 1})
    vault.world.advance(90)
    assert rotor.steps == FOUR[:1]
    answer = vault.call("CancelRotateSecret", SecretId="s")
    assert answer["VersionId"] == token(2)
    vault.world.advance(10 * DAY)
    assert rotor.steps == FOUR[:1] and vault.world.effects() == []
    assert vault.stages() == {"AWSCURRENT": token(1), "AWSPENDING": token(2)}
    found = vault.call("DescribeSecret", SecretId="s")
    assert found["RotationEnabled"] is False and "NextRotationDate" not in found


def test_a_secret_that_is_to_be_deleted_is_not_rotated(vault: Vault, rotor: Rotor) -> None:
    rotate(vault, RotationRules={"AutomaticallyAfterDays": 1})
    vault.call("DeleteSecret", SecretId="s")
    vault.world.advance(5 * DAY)
    assert rotor.steps == []
    vault.call("RestoreSecret", SecretId="s")
    vault.call("UpdateSecretVersionStage", SecretId="s", VersionStage="AWSPENDING",
               RemoveFromVersionId=vault.stages()["AWSPENDING"])  # fmt: skip
    vault.world.advance(2 * DAY)
    assert rotor.steps == FOUR


def test_what_cannot_be_rotated(vault: Vault, rotor: Rotor) -> None:
    assert vault.refused("RotateSecret", SecretId="s") == (
        "InvalidRequestException",
        "No Lambda rotation function ARN is associated with this secret.",
    )
    assert vault.refused("CancelRotateSecret", SecretId="s")[0] == "InvalidRequestException"
    code, message = vault.refused("RotateSecret", SecretId="s", RotationLambdaARN=FUNCTION + "x")
    assert (code, message) == (
        "AccessDeniedException",
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function"
        " policy grants access to the principal secretsmanager.amazonaws.com.",
    )
    assert "RotationEnabled" not in vault.call("DescribeSecret", SecretId="s")
    for rules in (
        {}, {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(4 hours)"},
        {"ScheduleExpression": "rate(3 hours)"}, {"ScheduleExpression": "rate(250 minutes)"},
        {"ScheduleExpression": "cron(5 4 * * ? *)"}, {"ScheduleExpression": "cron(0 4,6 * * ? *)"},
        {"ScheduleExpression": "cron(0 2,23 * * ? *)"}, {"ScheduleExpression": "never"},
        {"ScheduleExpression": "at(2031-01-01T00:00:00)"},
        {"ScheduleExpression": "rate(4 hours)", "Duration": "5h"},
        {"AutomaticallyAfterDays": 2, "Duration": "25h"},
    ):  # fmt: skip
        asked = {"SecretId": "s", "RotationLambdaARN": FUNCTION}
        code, _ = vault.refused("RotateSecret", **asked, RotationRules=rules or {"Duration": "2h"})
        assert code == "InvalidParameterException", rules


WINDOWS: list[tuple[dict[str, Any], float, float, float]] = [
    ({"AutomaticallyAfterDays": 30}, 5 * HOUR, 30 * DAY, DAY),
    ({"AutomaticallyAfterDays": 1, "Duration": "3h"}, 23 * HOUR, DAY, 3 * HOUR),
    ({"ScheduleExpression": "rate(10 days)"}, HOUR, 10 * DAY, DAY),
    ({"ScheduleExpression": "rate(4 hours)"}, 1800.0, 4 * HOUR, HOUR),
    ({"ScheduleExpression": "rate(12 hours)", "Duration": "3h"}, 0.0, 12 * HOUR, 3 * HOUR),
    ({"ScheduleExpression": "cron(0 8 * * ? *)"}, 9 * HOUR, DAY + 8 * HOUR, 16 * HOUR),
    ({"ScheduleExpression": "cron(0 */8 * * ? *)"}, 9 * HOUR, 16 * HOUR, HOUR),
]


@pytest.mark.parametrize(("rules", "after", "start", "length"), WINDOWS)
def test_windows(rules: dict[str, Any], after: float, start: float, length: float) -> None:
    assert next_window(check_rules(rules), START + after) == (START + start, length)


def test_no_window_any_more() -> None:
    assert next_window({"ScheduleExpression": "cron(0 8 * * ? 2020)"}, START) is None


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_left_half_rotated_whatever_is_killed(tmp_path: Path, seed: int) -> None:
    """The server is killed before and after commits, the agent is lost, the function fails."""
    chance = random.Random(seed)
    world = World(tmp_path, seed=seed)
    vault = Vault(world)
    vault.make(value="password 0")
    rotor = Rotor(vault)
    faults: Counter[str] = Counter()

    def fault(where: str) -> bool:
        hit = chance.random() < 0.03
        faults[where] += hit
        return hit

    def trouble(_step: str) -> None:
        if chance.random() < 0.1:
            raise chance.choice([FunctionError("E", "bad luck"), SystemFailure("lost")])

    asked: dict[str, Any] = {"SecretId": "s", "RotationLambdaARN": FUNCTION}
    vault.call("RotateSecret", **asked, RotationRules={"ScheduleExpression": "rate(1 day)"})
    world.fault, rotor.trouble = fault, trouble
    for _ in range(40):
        world.advance(chance.expovariate(1 / (DAY / 4)))
        if chance.random() < 0.2:
            world.compute.lose()
            world.engine.agent_changed(world.compute.instance, world.compute.known())
        try:
            current = vault.value()
        except Disconnected:
            continue
        number = int(current.removeprefix("password "))
        assert number <= rotor.made
    world.fault, rotor.trouble = lambda _where: False, lambda _step: None
    world.advance(3 * DAY)
    assert faults, "no fault was met"
    stages = vault.stages()
    assert stages["AWSCURRENT"] == stages["AWSPENDING"]
    assert vault.value() == rotor.password == f"password {rotor.made}"
    assert rotor.made > 5, "it was rotated on schedule"
    assert (
        vault.call("DescribeSecret", SecretId="s")["LastRotatedDate"] > world.clock.now() - 2 * DAY
    )
    (timer,) = world.effects()
    assert timer.reply_to is not None and timer.reply_to.topic == "rotation"
    world.close()
