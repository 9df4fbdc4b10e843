"""Everything CloudWatch Logs declares, by importing the files that declare it."""

from __future__ import annotations

from owari.services.logs import (
    api_groups,
    api_patterns,
    api_put,
    api_read,
    api_streams,
    api_tags,
    ingest,
    sweep,
    tables,
)

__all__ = [
    "api_groups",
    "api_patterns",
    "api_put",
    "api_read",
    "api_streams",
    "api_tags",
    "ingest",
    "sweep",
    "tables",
]
