"""Spans put in order: those that ended, and those that have yet to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from owari.errors import ServiceError


def not_found(id: str) -> ServiceError:
    words = "the newest 200,000 steps are kept; reads, and what nothing came of, are not traced"
    return ServiceError("ResourceNotFoundException", f"No trace of {id} is known ({words}).")


def in_order(spans: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(spans, key=lambda s: (s["EmittedAt"], s.get("BeganAt", s["EmittedAt"])))
