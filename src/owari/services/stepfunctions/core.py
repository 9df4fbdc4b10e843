"""Names, ARNs and rules of Step Functions that need no table.

AWS: "Service quotas" and the API reference (CreateStateMachine, StartExecution,
RedriveExecution) of the Step Functions guides.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from owari.arn import make_arn, parse_arn
from owari.services.stepfunctions.faults import invalid_arn, invalid_name

STANDARD, EXPRESS = "STANDARD", "EXPRESS"
ACTIVE, DELETING = "ACTIVE", "DELETING"
FINAL = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")
INPUT_MAX_BYTES = 262_144
EXPRESS_MAX_S = 300
REDRIVE_WITHIN_S = 14 * 86_400
KEPT_S = 90 * 86_400  # an execution and its history, after its end
NAME_MAX = 80
_VERSION = re.compile(r"[0-9]{1,18}")

# Whitespace, brackets, wildcards, special and control characters.
_BAD = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f￾￿]")


class MachineRef(NamedTuple):
    """`qualifier` is a version number or an alias' name; None for the machine itself."""

    name: str
    qualifier: str | None = None
    label: str | None = None

    @property
    def version(self) -> int | None:
        return version_in(self.qualifier)


class ExecutionRef(NamedTuple):
    """`machine` includes `/label` for a child of a distributed Map."""

    machine: str
    name: str
    express: bool = False


def version_in(qualifier: str | None) -> int | None:
    """The number; None when it is none: no alias has a name of digits alone."""
    if qualifier is None or not _VERSION.fullmatch(qualifier):
        return None
    return int(qualifier)


def checked_name(name: str) -> str:
    """Raises InvalidName."""
    if not 1 <= len(name) <= NAME_MAX or _BAD.search(name):
        raise invalid_name(name)
    return name


def _resource(arn: str, kinds: tuple[str, ...]) -> list[str]:
    """The parts of a Step Functions ARN after the account. Raises InvalidArn."""
    parsed = parse_arn(arn)
    if parsed is None:
        raise invalid_arn(f"Invalid ARN prefix: {arn}")
    parts = parsed.resource.split(":")
    if parsed.service != "states" or not re.fullmatch(r"\d{12}", parsed.account):
        raise invalid_arn(f"Invalid ARN prefix: {arn}")
    if parts[0] not in kinds or len(parts) < 2 or not all(parts):
        raise invalid_arn(f"Resource type not valid in this context: {parts[0]}")
    return parts


def machine_ref(arn: str) -> MachineRef:
    parts = _resource(arn, ("stateMachine",))
    if len(parts) > 3:
        raise invalid_arn(f"Invalid ARN prefix: {arn}")
    name, _, label = parts[1].partition("/")
    return MachineRef(name, parts[2] if len(parts) == 3 else None, label or None)


def execution_ref(arn: str) -> ExecutionRef:
    """Of a Standard execution. Raises InvalidArn."""
    parts = _resource(arn, ("execution",))
    if len(parts) != 3:
        raise invalid_arn(f"Invalid ARN prefix: {arn}")
    return ExecutionRef(parts[1], parts[2])


def activity_name(arn: str) -> str:
    parts = _resource(arn, ("activity",))
    if len(parts) != 2:
        raise invalid_arn(f"Invalid ARN prefix: {arn}")
    return parts[1]


def map_run_ref(arn: str) -> str:
    """The ARN itself, when it is one of a map run."""
    parts = _resource(arn, ("mapRun",))
    if len(parts) != 3:
        raise invalid_arn(f"Invalid ARN prefix: {arn}")
    return arn


def machine_arn(region: str, account: str, name: str, qualifier: str | None = None) -> str:
    resource = f"stateMachine:{name}:{qualifier}" if qualifier else f"stateMachine:{name}"
    return make_arn("states", region, account, resource)


def execution_arn(region: str, account: str, machine: str, name: str) -> str:
    return make_arn("states", region, account, f"execution:{machine}:{name}")


def express_arn(region: str, account: str, machine: str, name: str, run: str) -> str:
    return make_arn("states", region, account, f"express:{machine}:{name}:{run}")


def activity_arn(region: str, account: str, name: str) -> str:
    return make_arn("states", region, account, f"activity:{name}")


def unqualified(arn: str) -> str:
    """A machine's ARN without version or alias."""
    return ":".join(arn.split(":")[:7])


def redrive_status(kind: str, status: str, stopped: float | None, now: float) -> dict[str, Any]:
    """DescribeExecution's redriveStatus and its reason.

    AWS: "Restarting state machine executions with redrive": within 14 days, unsuccessful ones.
    """
    if kind == EXPRESS:
        return {}
    if status == "RUNNING":
        why = "Execution is RUNNING and cannot be redriven"
    elif status == "SUCCEEDED":
        why = "Execution is SUCCEEDED and cannot be redriven"
    elif stopped is not None and now - stopped > REDRIVE_WITHIN_S:
        why = "Execution's redrivable period exceeded and cannot be redriven"
    else:
        return {"redriveStatus": "REDRIVABLE"}
    return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": why}
