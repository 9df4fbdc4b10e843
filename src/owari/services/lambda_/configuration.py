"""A function's settings: AWS's defaults, what may be changed, and every bound on it.

Sources: the Lambda API reference (CreateFunction, UpdateFunctionConfiguration) and the Lambda
quotas page. Bounds that differ by profile come from `limits`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from owari.limits import Limits
from owari.services.lambda_.durable.settings import checked_durable_config
from owari.services.lambda_.faults import beyond_owari, constraint, invalid
from owari.services.lambda_.model import Config
from owari.services.lambda_.runtimes import RETIRED, RUNTIMES

ROLE_PATTERN = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
VARIABLE_PATTERN = r"[a-zA-Z]([a-zA-Z0-9_])+"
DLQ_PATTERN = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"
_ROLE = re.compile(ROLE_PATTERN)
_VARIABLE = re.compile(VARIABLE_PATTERN)
_DLQ = re.compile(r"arn:aws[a-zA-Z-]*:(sns|sqs):[a-z0-9-]+:\d{12}:[^:]+")

# Lambda developer guide, "Defined runtime environment variables": reserved ones.
RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)

# Settings that change what runs in ways Owari does not offer: refused, not recorded.
_NOT_OFFERED = (
    "AcceleratorConfig",
    "CapacityProviderConfig",
    "RuntimeConfig",
    "TenancyConfig",
)


def defaults(name: str) -> Config:
    """What AWS fills in when CreateFunction leaves it out."""
    return {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }


def created(name: str, p: Mapping[str, Any], limits: Limits) -> Config:
    """The settings of a new function. Raises InvalidParameterValue- and ValidationException."""
    package_type = p.get("PackageType") or "Zip"
    if package_type == "Zip" and not (p.get("Runtime") and p.get("Handler")):
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment"
            " packages."
        )
    return updated(name, defaults(name) | {"PackageType": package_type}, p, limits)


def updated(name: str, current: Config, p: Mapping[str, Any], limits: Limits) -> Config:
    """`current` with the settings that `p` gives; those it leaves out stay as they are."""
    for setting in _NOT_OFFERED:
        if p.get(setting):
            raise beyond_owari(f"the {setting} of a function")
    _check_kind(current["PackageType"], p)
    config = dict(current)
    for setting, normalise in _SETTINGS.items():
        if p.get(setting) is None:
            continue
        kept_as = _KEPT_AS.get(setting, setting)
        value = normalise(name, p[setting])
        if value in (None, {}, []):
            config.pop(kept_as, None)
        else:
            config[kept_as] = value
    for check in _CHECKS:
        check(config, limits)
    return config


def _check_kind(package_type: str, p: Mapping[str, Any]) -> None:
    """Some settings are for packages only, one is for images only."""
    if package_type == "Image" and any(p.get(key) for key in ("Runtime", "Handler", "Layers")):
        raise invalid(
            "Please don't provide Handler or Runtime or Layer when the intent is to create or"
            " update a function of PackageType Image."
        )
    if package_type == "Zip" and p.get("ImageConfig"):
        raise invalid("Please don't provide ImageConfig for a function of PackageType Zip.")


# ---- one setting each, as AWS keeps it; None removes it
def _as_is(_name: str, value: Any) -> Any:
    return value


def _environment(_name: str, value: dict[str, Any]) -> Any:
    variables = value.get("Variables")
    return {"Variables": dict(variables)} if variables else None


def _dead_letter(_name: str, value: dict[str, Any]) -> Any:
    return {"TargetArn": value["TargetArn"]} if value.get("TargetArn") else None


def _tracing(_name: str, value: dict[str, Any]) -> Any:
    return {"Mode": value.get("Mode", "PassThrough")}


def _vpc(_name: str, value: dict[str, Any]) -> Any:
    """Recorded only: functions use this machine's network."""
    return {
        "SubnetIds": value.get("SubnetIds", []),
        "SecurityGroupIds": value.get("SecurityGroupIds", []),
        "VpcId": "",
        "Ipv6AllowedForDualStack": value.get("Ipv6AllowedForDualStack", False),
    }


def _file_systems(_name: str, value: list[dict[str, Any]]) -> Any:
    """An EFS access point: a folder that Batch and ECS know too (spec.py, mounts.py)."""
    for given in value:
        if ":s3files:" in given["Arn"]:
            raise beyond_owari("an Amazon S3 Files access point as the file system of a function")
        if given["LocalMountPath"] in ("/mnt/.", "/mnt/.."):
            raise invalid(f"LocalMountPath {given['LocalMountPath']} names no folder below /mnt.")
    return value


def _image_config(_name: str, value: dict[str, Any]) -> Any:
    given = {key: value[key] for key in ("EntryPoint", "Command") if value.get(key)}
    if value.get("WorkingDirectory"):
        given["WorkingDirectory"] = value["WorkingDirectory"]
    return {"ImageConfig": given} if given else None


def _snap_start(_name: str, value: dict[str, Any]) -> Any:
    return {"ApplyOn": value.get("ApplyOn", "None"), "OptimizationStatus": "Off"}


def _logging(name: str, value: dict[str, Any]) -> Any:
    log_format = value.get("LogFormat", "Text")
    levels: dict[str, Any] = {
        k: value[k] for k in ("ApplicationLogLevel", "SystemLogLevel") if k in value
    }
    if log_format == "Text" and levels:
        raise invalid(
            "To define a log level, you must first set your function's log format to JSON."
        )
    if log_format == "JSON":
        levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"} | levels
    group = value.get("LogGroup", f"/aws/lambda/{name}")
    return {"LogFormat": log_format, **levels, "LogGroup": group}


def _architectures(_name: str, value: list[str]) -> Any:
    """Recorded; code runs on the architecture this machine has."""
    return value or ["x86_64"]


_SETTINGS: dict[str, Callable[[str, Any], Any]] = {
    "Runtime": _as_is,
    "Role": _as_is,
    "Handler": _as_is,
    "Description": _as_is,
    "Timeout": _as_is,
    "MemorySize": _as_is,
    "KMSKeyArn": lambda _name, value: value or None,
    "Environment": _environment,
    "DeadLetterConfig": _dead_letter,
    "TracingConfig": _tracing,
    "VpcConfig": _vpc,
    "Architectures": _architectures,
    "EphemeralStorage": _as_is,
    "SnapStart": _snap_start,
    "LoggingConfig": _logging,
    "DurableConfig": lambda _name, value: checked_durable_config(value),
    "FileSystemConfigs": _file_systems,
    "ImageConfig": _image_config,
}
_KEPT_AS = {"ImageConfig": "ImageConfigResponse"}


# ---- bounds
def _within(value: int, member: str, least: int, most: int) -> None:
    if value < least:
        raise constraint(value, member, f"have value greater than or equal to {least}")
    if value > most:
        raise constraint(value, member, f"have value less than or equal to {most}")


def _check_role(config: Config, _limits: Limits) -> None:
    if not _ROLE.fullmatch(config["Role"]):
        raise constraint(
            config["Role"], "role", f"satisfy regular expression pattern: {ROLE_PATTERN}"
        )


def _check_runtime(config: Config, _limits: Limits) -> None:
    if config.get("Runtime") in RETIRED:
        raise invalid(
            f"The runtime parameter of {config['Runtime']} is no longer supported for creating or"
            " updating AWS Lambda functions. We recommend you use a supported runtime while"
            " creating or updating functions."
        )
    if "Runtime" in config and config["Runtime"] not in RUNTIMES:
        raise invalid(
            f"Value {config['Runtime']} at 'runtime' failed to satisfy constraint: Member must"
            f" satisfy enum value set: [{', '.join(RUNTIMES)}] or be a valid ARN"
        )


def _check_handler(config: Config, _limits: Limits) -> None:
    handler = config.get("Handler", "none")  # an image says itself
    if len(handler) > 128:
        raise constraint(handler, "handler", "have length less than or equal to 128")
    if not re.fullmatch(r"\S+", handler):
        raise constraint(handler, "handler", r"satisfy regular expression pattern: [^\s]+")


def _check_description(config: Config, _limits: Limits) -> None:
    if len(config["Description"]) > 256:
        raise constraint(
            config["Description"], "description", "have length less than or equal to 256"
        )


def _check_sizes(config: Config, limits: Limits) -> None:
    _within(config["Timeout"], "timeout", 1, limits.function_timeout_max_s)
    memory, most = config["MemorySize"], limits.function_memory_max_mib
    _within(memory, "memorySize", limits.function_memory_min_mib, 10_240)
    if memory > most:  # an account's quota, which AWS words in another way than the model's bound
        raise invalid(
            "'MemorySize' value failed to satisfy constraint: Member must have value less than"
            f" or equal to {most}"
        )
    _within(
        config["EphemeralStorage"]["Size"],
        "ephemeralStorage.size",
        limits.function_ephemeral_min_mib,
        limits.function_ephemeral_max_mib,
    )


def _check_environment(config: Config, limits: Limits) -> None:
    variables = config.get("Environment", {}).get("Variables", {})
    for key in variables:
        if not _VARIABLE.fullmatch(key) and key not in RESERVED_VARIABLES:
            raise constraint(
                "{" + key + "=***}",
                "environment.variables",
                "satisfy constraint: [Member must satisfy regular expression pattern:"
                f" {VARIABLE_PATTERN}]",
            )
    reserved = [key for key in variables if key in RESERVED_VARIABLES]
    if reserved:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment"
            " variables you have provided contains reserved keys that are currently not supported"
            f" for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > limits.function_environment_max_bytes:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment"
            f" variables you have provided exceeded the"
            f" {limits.function_environment_max_bytes // 1024}KB limit."
            f" String measured: {measured}"
        )


def _check_dead_letter(config: Config, _limits: Limits) -> None:
    target = config.get("DeadLetterConfig", {}).get("TargetArn", "")
    if target and not target.startswith("arn:"):
        raise constraint(
            target,
            "deadLetterConfig.targetArn",
            f"satisfy regular expression pattern: {DLQ_PATTERN}",
        )
    if target and not _DLQ.fullmatch(target):
        raise invalid(
            f"The provided dead letter target {target} is not an SNS topic or SQS queue ARN."
        )
    if target.endswith(".fifo"):
        raise invalid(f"The provided dead letter target {target} is FIFO: it must be standard.")


def _check_architectures(config: Config, _limits: Limits) -> None:
    chosen = config["Architectures"]
    if len(chosen) != 1 or chosen[0] not in ("x86_64", "arm64"):
        listed = ", ".join(chosen)
        raise constraint(
            f"[{listed}]",
            "architectures",
            "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]",
        )


_CHECKS: tuple[Callable[[Config, Limits], None], ...] = (
    _check_role,
    _check_runtime,
    _check_handler,
    _check_description,
    _check_sizes,
    _check_environment,
    _check_dead_letter,
    _check_architectures,
)
