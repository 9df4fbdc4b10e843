"""Trace headers: which trace something belongs to, and what within it caused it.

`Root=1-8 hex-24 hex;Parent=16 hex;Sampled=0` (X-Ray developer guide, "Tracing header"). Every
operation and every effect but a timer is a *span*, named by the first 16 hex digits of its
request or effect id; what it causes bears that name as its parent. The AWS SDKs pass the header
on by themselves within a function, so what a function does is traced without its help.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

SPAN_DIGITS = 16
ROOT_MAX = 64  # of what a client may send; AWS's own are 35 long


class Trace(NamedTuple):
    root: str
    parent: str  # the span that caused it; '' when none is known
    sampled: str = "0"


def span_of(id: str) -> str:
    """The span of a request or an effect."""
    return id.replace("-", "")[:SPAN_DIGITS].lower()


@lru_cache(maxsize=1024)
def parse(header: str) -> Trace:
    """What is no header at all is a root of its own."""
    parts = dict(part.strip().partition("=")[::2] for part in header.split(";"))
    root = parts.get("Root", "" if "=" in header else header)
    parent = parts.get("Parent", "")[:SPAN_DIGITS].lower()
    return Trace(root[:ROOT_MAX], parent, parts.get("Sampled", "0")[:1])


def caused_by(header: str, id: str) -> str:
    """The header of what the request or effect `id`, itself under `header`, causes."""
    root, _, sampled = parse(header)
    return f"Root={root};Parent={span_of(id)};Sampled={sampled}"
