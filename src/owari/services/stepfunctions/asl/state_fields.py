"""Which fields a state of each type may have, in each query language, and of what kind."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from owari.services.stepfunctions.asl import checks, distributed_checks
from owari.services.stepfunctions.asl.checks import Check, jsonata_or
from owari.services.stepfunctions.asl.diagnostics import Problem

TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
LANGUAGES = ("JSONPath", "JSONata")


def anything(value: object) -> Iterator[Problem]:
    yield from ()


EVERY: dict[str, Check] = {
    "Type": partial(checks.one_of, TYPES),
    "Comment": checks.string,
    "QueryLanguage": partial(checks.one_of, LANGUAGES),
}
GOING_ON: dict[str, Check] = {"Next": checks.string, "End": checks.boolean}
HANDLING: dict[str, Check] = {"Retry": anything, "Catch": anything}  # see `handlers`

_IN_OUT: dict[str, Check] = {"InputPath": checks.path_or_null, "OutputPath": checks.path_or_null}
_RESULT: dict[str, Check] = {
    "ResultPath": checks.reference_or_null,
    "ResultSelector": checks.template,
}
_ASSIGN: dict[str, Check] = {"Assign": partial(checks.assignment, False)}
_PARAMETERS: dict[str, Check] = {"Parameters": checks.template}
_SECONDS: dict[str, Check] = {
    "TimeoutSeconds": checks.seconds,
    "TimeoutSecondsPath": checks.path,
    "HeartbeatSeconds": checks.seconds,
    "HeartbeatSecondsPath": checks.path,
}
_ITEMS: dict[str, Check] = {
    "ItemProcessor": checks.mapping,
    "Iterator": checks.mapping,
    "Label": checks.string,
}


def _distributed(jsonata: bool) -> dict[str, Check]:
    return {
        "ItemReader": partial(distributed_checks.resource_settings, jsonata),
        "ItemBatcher": partial(distributed_checks.batcher, jsonata),
        "ResultWriter": partial(distributed_checks.resource_settings, jsonata),
    }


JSONPATH: dict[str, dict[str, Check]] = {
    "Pass": {**GOING_ON, **_IN_OUT, **_ASSIGN, **_PARAMETERS, "Result": anything,
             "ResultPath": checks.reference_or_null},
    "Task": {**GOING_ON, **HANDLING, **_IN_OUT, **_RESULT, **_ASSIGN, **_PARAMETERS, **_SECONDS,
             "Resource": checks.string, "Credentials": partial(checks.credentials, False)},
    "Choice": {**_IN_OUT, **_ASSIGN, "Choices": anything, "Default": checks.string},
    "Wait": {**GOING_ON, **_IN_OUT, **_ASSIGN, "Seconds": checks.delay,
             "SecondsPath": checks.path, "Timestamp": checks.timestamp,
             "TimestampPath": checks.path},
    "Succeed": {**_IN_OUT},
    "Fail": {"Error": checks.string, "Cause": checks.string,
             "ErrorPath": checks.path_or_intrinsic, "CausePath": checks.path_or_intrinsic},
    "Parallel": {**GOING_ON, **HANDLING, **_IN_OUT, **_RESULT, **_ASSIGN, **_PARAMETERS,
                 "Branches": anything},
    "Map": {**GOING_ON, **HANDLING, **_IN_OUT, **_RESULT, **_ASSIGN, **_PARAMETERS, **_ITEMS,
            **_distributed(False), "ItemsPath": checks.path, "ItemSelector": checks.template,
            "MaxConcurrency": checks.count, "MaxConcurrencyPath": checks.path,
            "ToleratedFailureCount": checks.count, "ToleratedFailureCountPath": checks.path,
            "ToleratedFailurePercentage": checks.percentage,
            "ToleratedFailurePercentagePath": checks.path},
}  # fmt: skip

_OUT: dict[str, Check] = {
    "Output": checks.jsonata,
    "Assign": partial(checks.assignment, True),
}
_ARGUMENTS: dict[str, Check] = {"Arguments": checks.jsonata}

JSONATA: dict[str, dict[str, Check]] = {
    "Pass": {**GOING_ON, **_OUT},
    "Task": {**GOING_ON, **HANDLING, **_OUT, **_ARGUMENTS, "Resource": checks.string,
             "Credentials": partial(checks.credentials, True),
             "TimeoutSeconds": partial(jsonata_or, checks.seconds),
             "HeartbeatSeconds": partial(jsonata_or, checks.seconds)},
    "Choice": {**_OUT, "Choices": anything, "Default": checks.string},
    "Wait": {**GOING_ON, **_OUT, "Seconds": partial(jsonata_or, checks.delay),
             "Timestamp": partial(jsonata_or, checks.timestamp)},
    "Succeed": {"Output": checks.jsonata},
    "Fail": {"Error": partial(jsonata_or, checks.string),
             "Cause": partial(jsonata_or, checks.string)},
    "Parallel": {**GOING_ON, **HANDLING, **_OUT, **_ARGUMENTS, "Branches": anything},
    "Map": {**GOING_ON, **HANDLING, **_OUT, **_ITEMS, **_distributed(True), "Items": checks.jsonata,
            "ItemSelector": checks.jsonata,
            "MaxConcurrency": partial(jsonata_or, checks.count),
            "ToleratedFailureCount": partial(jsonata_or, checks.count),
            "ToleratedFailurePercentage": partial(jsonata_or, checks.percentage)},
}  # fmt: skip

REQUIRED: dict[str, tuple[str, ...]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}
# Of each group at most one may be given; of those in `NEEDED`, exactly one.
EXCLUSIVE: dict[str, tuple[tuple[str, ...], ...]] = {
    "Wait": (("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),),
    "Fail": (("Error", "ErrorPath"), ("Cause", "CausePath")),
    "Task": (
        ("TimeoutSeconds", "TimeoutSecondsPath"),
        ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ),
    "Map": (
        ("ItemProcessor", "Iterator"),
        ("ItemSelector", "Parameters"),
        ("MaxConcurrency", "MaxConcurrencyPath"),
        ("ToleratedFailureCount", "ToleratedFailureCountPath"),
        ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ),
}
NEEDED = {
    ("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),
    ("ItemProcessor", "Iterator"),
}
