"""Which jobs ListJobs shows, as a condition on their rows.

Source: Batch API reference, ListJobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.batch.faults import client

NAMES = (
    "JOB_NAME", "JOB_DEFINITION", "BEFORE_CREATED_AT", "AFTER_CREATED_AT", "SHARE_IDENTIFIER"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """SQL over `batch_job` and its arguments."""

    condition: str
    arguments: tuple[Any, ...]


def wanted_jobs(filters: list[dict[str, Any]], status: str | None) -> Wanted:
    """With a filter the status does not count, but for shares. Raises ClientException."""
    if not filters:
        return Wanted("status = ?", (status or "RUNNING",))
    if len(filters) > 1:
        raise client("Only one filter can be specified.")
    name, values = filters[0].get("name", ""), filters[0].get("values", [])
    if name not in NAMES:
        raise client(f"Filter name '{name}' must be one of {', '.join(NAMES)}.")
    if len(values) != 1:
        raise client("A filter must have exactly one value.")
    wanted = _condition(name, values[0])
    if name != "SHARE_IDENTIFIER" or status is None:
        return wanted
    return Wanted(f"{wanted.condition} AND status = ?", (*wanted.arguments, status))


def _condition(name: str, value: str) -> Wanted:
    match name:
        case "JOB_NAME":
            return _text("LOWER(name)", value.lower())
        case "SHARE_IDENTIFIER":
            return _text("share", value)
        case "JOB_DEFINITION":
            return _definition(value)
        case _:
            compare = "<" if name == "BEFORE_CREATED_AT" else ">"
            return Wanted(f"created * 1000 {compare} ?", (_milliseconds(value),))


def _text(column: str, value: str) -> Wanted:
    """A value that ends in `*` is a prefix."""
    if value.endswith("*"):
        return Wanted(f"SUBSTR({column}, 1, ?) = ?", (len(value) - 1, value[:-1]))
    return Wanted(f"{column} = ?", (value,))


def _definition(value: str) -> Wanted:
    """`name`, `name:revision`, or an ARN, each perhaps with a `*` at its end."""
    if value.startswith("arn:"):
        return _text("definition", value)
    if value.endswith("*"):
        return Wanted("INSTR(definition, ?) > 0", (f":job-definition/{value[:-1]}",))
    if ":" in value:
        return Wanted("SUBSTR(definition, -?) = ?", (len(value) + 1, f"/{value}"))
    return Wanted("INSTR(definition, ?) > 0", (f":job-definition/{value}:",))


def _milliseconds(value: str) -> float:
    try:
        return float(int(value))
    except (ValueError, OverflowError):
        raise client(f"'{value}' is not a time in milliseconds since the epoch.") from None
