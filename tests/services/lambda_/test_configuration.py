from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest

from owari.limits import PROFILES
from owari.services.lambda_.configuration import created, updated
from owari.services.lambda_.runtimes import RETIRED, RUNTIMES
from tests.services.lambda_.support import ROLE, refusal

CURRENT = PROFILES["current"]


def settings(**given: Any) -> dict[str, Any]:
    base = {"Runtime": "python3.12", "Role": ROLE, "Handler": "m.h", "Code": {"ZipFile": b"x"}}
    return {k: v for k, v in (base | given).items() if v is not None}


def make(**given: Any) -> dict[str, Any]:
    return created("f", settings(**given), CURRENT)


def test_defaults_are_those_of_aws() -> None:
    assert make() == {
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "m.h",
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
    }


def test_runtimes_are_those_the_service_model_knows() -> None:
    model = botocore.session.get_session().get_service_model("lambda")
    known = set(model.shape_for("Runtime").enum) - {"custom"}
    assert known <= {*RUNTIMES, *RETIRED}
    assert make(Runtime="python2.7")["Runtime"] == "python2.7"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"Timeout": 900}, {"Timeout": 900}),
        ({"MemorySize": 10_240}, {"MemorySize": 10_240}),
        ({"EphemeralStorage": {"Size": 10_240}}, {"EphemeralStorage": {"Size": 10_240}}),
        ({"Environment": {"Variables": {"AB": "1"}}}, {"Environment": {"Variables": {"AB": "1"}}}),
        ({"TracingConfig": {"Mode": "Active"}}, {"TracingConfig": {"Mode": "Active"}}),
        ({"Architectures": ["arm64"]}, {"Architectures": ["arm64"]}),
        (
            {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"}},
            {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"}},
        ),
        (
            {"LoggingConfig": {"LogFormat": "JSON", "LogGroup": "shared"}},
            {
                "LoggingConfig": {
                    "LogFormat": "JSON",
                    "ApplicationLogLevel": "INFO",
                    "SystemLogLevel": "INFO",
                    "LogGroup": "shared",
                }
            },
        ),
        (
            {"SnapStart": {"ApplyOn": "PublishedVersions"}},
            {"SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}},
        ),
        (
            {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
            {
                "VpcConfig": {
                    "SubnetIds": ["subnet-1"],
                    "SecurityGroupIds": ["sg-1"],
                    "VpcId": "",
                    "Ipv6AllowedForDualStack": False,
                }
            },
        ),
    ],
)
def test_settings_are_kept(given: dict[str, Any], kept: dict[str, Any]) -> None:
    assert make(**given) == make() | kept


@pytest.mark.parametrize("empty", [{"Environment": {}}, {"Environment": {"Variables": {}}}])
def test_an_empty_environment_is_none(empty: dict[str, Any]) -> None:
    assert "Environment" not in make(**empty)
    full = make(Environment={"Variables": {"AB": "1"}})
    assert "Environment" not in updated("f", full, empty, CURRENT)


def test_an_update_keeps_what_it_does_not_name() -> None:
    before = make(Timeout=10, Environment={"Variables": {"AB": "1"}}, Description="d")
    after = updated("f", before, {"MemorySize": 256, "Description": ""}, CURRENT)
    assert after == before | {"MemorySize": 256, "Description": ""}


def test_an_empty_dead_letter_target_removes_it() -> None:
    before = make(DeadLetterConfig={"TargetArn": "arn:aws:sns:us-east-1:000000000000:t"})
    after = updated("f", before, {"DeadLetterConfig": {"TargetArn": ""}}, CURRENT)
    assert "DeadLetterConfig" not in after


INVALID = "InvalidParameterValueException"
VALIDATION = "ValidationException"


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"Runtime": None}, INVALID, "Runtime and Handler are mandatory parameters for functions"),
        ({"Handler": None}, INVALID, "Runtime and Handler are mandatory parameters for functions"),
        ({"Runtime": "cobol85"}, INVALID, "Value cobol85 at 'runtime' failed to satisfy"),
        (
            {"Runtime": "go1.x"},
            INVALID,
            "The runtime parameter of go1.x is no longer supported for creating or updating AWS"
            " Lambda functions. We recommend you use a supported runtime",
        ),
        ({"Handler": "a b"}, VALIDATION, "Value 'a b' at 'handler' failed"),
        ({"Handler": "h" * 129}, VALIDATION, "length less than or equal to 128"),
        ({"Role": "worker"}, VALIDATION, "Value 'worker' at 'role' failed to satisfy constraint"),
        ({"Role": "arn:aws:iam::1:role/x"}, VALIDATION, "at 'role' failed"),
        ({"Description": "d" * 257}, VALIDATION, "length less than or equal to 256"),
        (
            {"Timeout": 0},
            VALIDATION,
            "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint:"
            " Member must have value greater than or equal to 1",
        ),
        ({"Timeout": 901}, VALIDATION, "value less than or equal to 900"),
        ({"MemorySize": 127}, VALIDATION, "value greater than or equal to 128"),
        ({"MemorySize": 10_241}, VALIDATION, "value less than or equal to 10240"),
        ({"EphemeralStorage": {"Size": 511}}, VALIDATION, "at 'ephemeralStorage.size'"),
        ({"EphemeralStorage": {"Size": 10_241}}, VALIDATION, "less than or equal to 10240"),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x", "MINE": "y", "_HANDLER": "z"}}},
            INVALID,
            "contains reserved keys that are currently not supported for modification. Reserved"
            " keys used in this request: AWS_REGION, _HANDLER",
        ),
        ({"Environment": {"Variables": {"1A": ""}}}, VALIDATION, "environment.variables"),
        ({"Environment": {"Variables": {"AB": "x" * 4_096}}}, INVALID, "exceeded the 4KB limit."),
        ({"Architectures": ["z80"]}, VALIDATION, "enum value set: [x86_64, arm64]"),
        (
            {"DeadLetterConfig": {"TargetArn": "q"}},
            VALIDATION,
            "at 'deadLetterConfig.targetArn' failed",
        ),
        (
            {"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::bucket"}},
            INVALID,
            "is not an SNS topic or SQS queue ARN",
        ),
        (
            {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q.fifo"}},
            INVALID,
            "must be standard",
        ),
        ({"LoggingConfig": {"SystemLogLevel": "WARN"}}, INVALID, "log format to JSON"),
        ({"PackageType": "Image"}, INVALID, "Please don't provide Handler or Runtime or Layer"),
        ({"ImageConfig": {"Command": ["x"]}}, INVALID, "Please don't provide ImageConfig"),
    ],
)
def test_bad_settings_are_refused_as_on_aws(given: dict[str, Any], code: str, message: str) -> None:
    error = refusal(lambda: make(**given))
    assert error.code == code
    assert message in error.message


def test_the_environment_may_have_exactly_four_kilobytes() -> None:
    room = 4_096 - len(json.dumps({"AB": ""}, separators=(",", ":")))
    assert make(Environment={"Variables": {"AB": "x" * room}})
    assert refusal(lambda: make(Environment={"Variables": {"AB": "x" * (room + 1)}}))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Timeout": 301}, "value less than or equal to 300"),
        (
            {"MemorySize": 3_009},
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or"
            " equal to 3008",
        ),
        ({"EphemeralStorage": {"Size": 513}}, "value less than or equal to 512"),
    ],
)
def test_limits_come_from_the_profile(given: dict[str, Any], message: str) -> None:
    error = refusal(lambda: created("f", settings(**given), PROFILES["2017"]))
    assert message in error.message
    assert make(**given)
