"""`owari logs`: times, names, and following without repeating or missing an event."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import pytest

from owari.cli import logs


def test_since_takes_ages_and_times() -> None:
    now = time.time() * 1000
    assert abs(logs.since("10m") - (now - 600_000)) < 5_000
    assert abs(logs.since("2h") - (now - 7_200_000)) < 5_000
    assert logs.since("2030-01-01T00:00:00+00:00") == 1_893_456_000_000
    for text in ("ten minutes", "10", "10y", ""):
        with pytest.raises(argparse.ArgumentTypeError):
            logs.since(text)


def test_a_function_name_stands_for_its_group() -> None:
    assert logs.groups_meant("f") == ["f", "/aws/lambda/f"]
    assert logs.groups_meant("/my/group") == ["/my/group"]


def test_streams_have_short_names() -> None:
    name = "2030/01/31/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    assert logs.stream_label(name) == "0f1e2d3c"
    assert logs.stream_label("2030/01/31/f[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0") == "0f1e2d3c"
    assert logs.stream_label("job/default/abc") == "abc"


class Paginator:
    def __init__(self, pages: list[list[dict[str, Any]]], asked: list[dict[str, Any]]) -> None:
        self.pages = pages
        self.asked = asked

    def get_paginator(self, name: str) -> Paginator:
        assert name == "filter_log_events"
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(asked)
        yield {"events": [e for e in self.pages.pop(0) if e["timestamp"] >= asked["startTime"]]}


def test_following_shows_late_events_once() -> None:
    def event(name: str, at: int) -> dict[str, Any]:
        return {"eventId": name, "timestamp": at, "logStreamName": "s", "message": name}

    first, second, late = event("1", 100_000), event("2", 120_000), event("late", 115_000)
    asked: list[dict[str, Any]] = []
    pages = [[first, second], [first, late, second], [late, second]]
    tail = logs.Tail(Paginator(pages, asked), "g", {"filterPattern": "x"}, 0)
    shown = [[e["eventId"] for e in tail.new()] for _ in range(3)]
    assert shown == [["1", "2"], ["late"], []]
    assert [a["startTime"] for a in asked] == [0, 110_000, 110_000]
    assert asked[0]["filterPattern"] == "x"
