"""From what a user types to the ARN of a state machine or an execution."""

from __future__ import annotations

import argparse
from typing import Any

from owari.cli.client import connect


def machine_arn(args: argparse.Namespace, states: Any, text: str) -> str:
    """A name becomes the ARN in the caller's account and region."""
    return text if text.startswith("arn:") else _arn(args, states, "stateMachine", text)


def is_execution(text: str) -> bool:
    """An execution's ARN, or MACHINE:EXECUTION."""
    if text.startswith("arn:"):
        return text.split(":")[5:6] in (["execution"], ["express"])
    return ":" in text


def execution_arn(args: argparse.Namespace, states: Any, text: str) -> str:
    return text if text.startswith("arn:") else _arn(args, states, "execution", text)


def _arn(args: argparse.Namespace, states: Any, kind: str, name: str) -> str:
    caller = connect(args, "sts").get_caller_identity()
    partition = caller["Arn"].split(":")[1]
    region = states.meta.region_name
    return f"arn:{partition}:states:{region}:{caller['Account']}:{kind}:{name}"


def short(arn: str) -> str:
    """The name, or machine:execution."""
    return arn.split(":", 6)[-1]
