"""How durable executions, their checkpoints and their callbacks are named."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from owari.services.lambda_.faults import invalid
from owari.services.lambda_.names import function_arn

_ARN = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:([a-zA-Z0-9-]+):(\d{12}):function:([a-zA-Z0-9_-]+):"
    r"(\$LATEST(?:\.PUBLISHED)?|[0-9]+)/durable-execution/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)"
)
NAME_PATTERN = r"[a-zA-Z0-9-_]+"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class ExecutionRef(NamedTuple):
    region: str
    account: str
    function: str
    version: str
    name: str
    run: str


def execution_arn(ref: ExecutionRef) -> str:
    function = function_arn(ref.account, ref.region, ref.function, ref.version)
    return f"{function}/durable-execution/{ref.name}/{ref.run}"


def parse_execution(arn: str) -> ExecutionRef:
    match = _ARN.fullmatch(arn)
    if match is None:
        raise invalid(f"Invalid durable execution ARN: {arn}")
    return ExecutionRef(*match.groups())


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


# ---- tokens: opaque to others, so base64
def checkpoint_token(execution: int, number: int) -> str:
    return _sealed(f"c:{execution}:{number}")


def callback_id(execution: int, operation: str, random: str) -> str:
    return _sealed(f"b:{execution}:{operation}:{random}")


def parse_callback(id: str) -> tuple[int, str]:
    """Execution and operation. Raises InvalidParameterValueException."""
    parts = _opened(id).split(":")
    if len(parts) != 4 or parts[0] != "b" or not parts[1].isdecimal() or len(parts[1]) > 18:
        raise invalid("Invalid callback ID.")
    return int(parts[1]), parts[2]


def _sealed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _opened(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
