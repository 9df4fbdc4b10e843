"""FilterCriteria: which messages a mapping gives to its function. Pure.

Sources: Lambda developer guide, "Control which events Lambda sends to your function" and "Using
event filtering with an Amazon SQS event source": patterns look at `body` alone. A body that is
JSON meets patterns of JSON, a plain string those of plain strings; else the message is dropped.
"""

from __future__ import annotations

from typing import Any

from owari.services.lambda_.faults import beyond_owari

FILTERS_MAX = 10  # with a raised quota; 5 without


def check_filters(filters: list[dict[str, Any]]) -> None:
    if filters:
        raise beyond_owari("the FilterCriteria of event source mappings")


def matches(filters: list[dict[str, Any]], body: str) -> bool:
    return not filters
