"""Retry strategies: their bounds, and whether an ended attempt is tried again.

Source: Batch API reference, RetryStrategy and EvaluateOnExit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from owari.services.batch.faults import client

ATTEMPTS_MAX = 10
CONDITIONS_MAX = 5
PATTERN_MAX = 512
ACTIONS = ("RETRY", "EXIT")
_TEXT = re.compile(r"[A-Za-z0-9.:\s()/_,'\"-]+\*?|\*")
_CODE = re.compile(r"[0-9]*\*?")


def wants_retry(
    conditions: Iterable[dict[str, Any]], status_reason: str, reason: str, exit_code: int | None
) -> bool:
    """The first condition that matches decides; when none does, the attempt is retried."""
    code = "" if exit_code is None else str(exit_code)
    for condition in conditions:
        if (
            _matches(condition.get("onStatusReason"), status_reason)
            and _matches(condition.get("onReason"), reason)
            and _matches(condition.get("onExitCode"), code)
        ):
            return str(condition["action"]).upper() == "RETRY"
    return True


def _matches(pattern: str | None, text: str) -> bool:
    """No pattern matches everything; one may end in `*`, which stands for any rest."""
    if pattern is None:
        return True
    if pattern.endswith("*"):
        return text.lower().startswith(pattern[:-1].lower())
    return text.lower() == pattern.lower()


def check_retry_strategy(strategy: dict[str, Any]) -> None:
    """Raises ClientException."""
    attempts = strategy.get("attempts")
    if attempts is not None and not 1 <= attempts <= ATTEMPTS_MAX:
        raise client(f"retryStrategy attempts must be between 1 and {ATTEMPTS_MAX}.")
    conditions = strategy.get("evaluateOnExit", [])
    if len(conditions) > CONDITIONS_MAX:
        raise client(f"evaluateOnExit can contain at most {CONDITIONS_MAX} entries.")
    if conditions and attempts is None:
        raise client("If evaluateOnExit is specified, attempts must be specified as well.")
    for condition in conditions:
        _check_condition(condition)


def _check_condition(condition: dict[str, Any]) -> None:
    if str(condition["action"]).upper() not in ACTIONS:  # any case will do, says the reference
        raise client(f"evaluateOnExit action must be one of {', '.join(ACTIONS)}.")
    patterns = {
        name: condition[name]
        for name in ("onStatusReason", "onReason", "onExitCode")
        if name in condition
    }
    if not patterns:
        raise client(
            "evaluateOnExit must specify at least one of onStatusReason, onReason, onExitCode."
        )
    for name, pattern in patterns.items():
        allowed = _CODE if name == "onExitCode" else _TEXT
        if not pattern or len(pattern) > PATTERN_MAX or not allowed.fullmatch(pattern):
            raise client(f"evaluateOnExit {name} '{pattern}' is not a valid pattern.")
