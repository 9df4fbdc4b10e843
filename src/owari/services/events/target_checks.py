"""What a target may say. Pure.

Source: EventBridge API reference, PutTargets, Target, RetryPolicy, InputTransformer.
"""

from __future__ import annotations

import re
from typing import Any

from owari.arn import parse_arn
from owari.errors import not_implemented
from owari.json_text import is_json
from owari.services.events.faults import validation
from owari.services.events.inputs import PLACEHOLDER, RESERVED, PathError, parse_path
from owari.targets.calls import supports
from owari.targets.retrying import AGE_MAX_S, ATTEMPTS_MAX

_INPUTS = ("Input", "InputPath", "InputTransformer")
_BY_ROLE = ("api-destination", "batch", "ecs", "states")  # reached by a role, not by a policy
_NEEDS = {"batch": "BatchParameters", "ecs": "EcsParameters"}


def check_target(target: dict[str, Any], account: str, region: str) -> None:
    """Raises ValidationException, or 501 for a kind of target that Owari does not have."""
    id = target["Id"]
    kind = _kind(target)
    given = [name for name in _INPUTS if target.get(name) is not None]
    if len(given) > 1:
        raise validation(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )
    _check_inputs(target)
    _check_retries(target)
    if kind in _BY_ROLE and not target.get("RoleArn"):
        raise validation(f"RoleArn is required for target {target['Arn']}.")
    if (needed := _NEEDS.get(kind)) and needed not in target:
        raise validation(f"Parameter(s) {needed} must be specified for target: {id}.")
    if kind == "sqs" and target["Arn"].endswith(".fifo"):
        if "MessageGroupId" not in target.get("SqsParameters", {}):
            raise validation(f"Parameter(s) SqsParameters must be specified for target: {id}.")
    elif "SqsParameters" in target:
        raise validation(f"Parameter(s) SqsParameters not valid for target: {id}.")


def _kind(target: dict[str, Any]) -> str:
    """The service it belongs to."""
    arn = target["Arn"]
    parsed = parse_arn(arn)
    if parsed is None:
        raise validation(
            f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )
    if parsed.service == "events" and parsed.resource.startswith("api-destination/"):
        return "api-destination"
    if not supports(arn):
        raise not_implemented("events", f"PutTargets with a target of {parsed.service}")
    return parsed.service


def _check_inputs(target: dict[str, Any]) -> None:
    id = target["Id"]
    transformer = target.get("InputTransformer")
    paths = dict(transformer.get("InputPathsMap", {})) if transformer else {}
    if "Input" in target and not is_json(target["Input"]):
        raise validation(f"JSON syntax error in input for target {id}.")
    if "InputPath" in target:
        paths[""] = target["InputPath"]
    for path in paths.values():
        try:
            parse_path(path)
        except PathError:
            raise validation(f"Invalid JSON path {path} for target {id}.") from None
    if transformer is None:
        return
    if any(name.startswith("aws") for name in paths):
        raise validation(f"InputPathsMap of target {id} must not have keys that begin with AWS.")
    for name in re.findall(PLACEHOLDER, transformer["InputTemplate"]):
        if name not in paths and name not in RESERVED:
            raise validation(
                f"InvalidInputTemplate for target {id}:"
                f" Invalid InputTemplate. Placeholder {name} is not defined."
            )


def _check_retries(target: dict[str, Any]) -> None:
    policy = target.get("RetryPolicy", {})
    for name, low, high in (
        ("MaximumRetryAttempts", 0, ATTEMPTS_MAX),
        ("MaximumEventAgeInSeconds", 60, AGE_MAX_S),
    ):
        value = policy.get(name)
        if value is not None and not low <= value <= high:
            raise validation(f"Parameter {name} is not valid. It must be from {low} to {high}.")
    dead = target.get("DeadLetterConfig", {}).get("Arn")
    arn = parse_arn(dead) if dead else None
    if dead and (arn is None or arn.service != "sqs" or arn.resource.endswith(".fifo")):
        raise validation(f"Parameter DeadLetterConfig is not valid for target {target['Id']}.")
