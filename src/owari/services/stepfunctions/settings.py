"""A machine's logging, tracing and encryption settings: checked, then kept as they came."""

from __future__ import annotations

from typing import Any

from owari.arn import parse_arn
from owari.services.stepfunctions.faults import fault
from owari.store.tx import Tx
from owari.wire.operation import Params

Settings = dict[str, Any]
FIELDS = ("loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")
DEFAULTS: Settings = {
    "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
    "tracingConfiguration": {"enabled": False},
}
GROUP = "log-group:"


def received(tx: Tx, p: Params, before: Settings) -> Settings:
    """The settings after a request. Raises InvalidLoggingConfiguration and
    InvalidEncryptionConfiguration."""
    made = {**before, **{field: p[field] for field in FIELDS if p.get(field) is not None}}
    logging = p.get("loggingConfiguration")
    if logging is not None:
        made["loggingConfiguration"] = _logging(tx, logging)
    _check_encryption(p.get("encryptionConfiguration"))
    return made


def _bad_logging(why: str) -> Exception:
    return fault("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")


def _logging(tx: Tx, given: Settings) -> Settings:
    made = {**DEFAULTS["loggingConfiguration"], **given}
    places = given.get("destinations") or []
    if made["level"] != "OFF" or places:
        if len(places) != 1:
            raise _bad_logging("Must specify exactly one Log Destination.")
        group = log_group(made)
        if group is None or not _group_exists(tx, group):
            raise _bad_logging("Log Destination not found.")
    return made


def log_group(logging: Settings) -> str | None:
    """The name of the log group it names."""
    for place in logging.get("destinations") or ():
        arn = parse_arn((place.get("cloudWatchLogsLogGroup") or {}).get("logGroupArn") or "")
        if arn is not None and arn.service == "logs" and arn.resource.startswith(GROUP):
            return arn.resource.removeprefix(GROUP).removesuffix(":*")
    return None


def _group_exists(tx: Tx, name: str) -> bool:
    found = tx.call("logs", "DescribeLogGroups", {"logGroupNamePrefix": name})
    return any(group["logGroupName"] == name for group in found["logGroups"])


def _check_encryption(given: Settings | None) -> None:
    if given is None:
        return
    key, kind = given.get("kmsKeyId"), given["type"]
    if (kind == "CUSTOMER_MANAGED_KMS_KEY") != (key is not None):
        raise fault(
            "InvalidEncryptionConfiguration",
            "Invalid Encryption Configuration: kmsKeyId must be given for, and only for, the type"
            " CUSTOMER_MANAGED_KMS_KEY.",
        )
