"""Times in AWS's three spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.wire import timestamps as t

MILLIS = st.integers(-62_135_596_800_000, 253_402_300_799_999).map(lambda ms: ms / 1000)


@given(MILLIS)
def test_there_and_back(seconds: float) -> None:
    assert t.parse_iso8601(t.iso8601(seconds)) == pytest.approx(seconds, abs=1e-4)
    assert t.parse_iso8601(t.iso8601_millis(seconds)) == pytest.approx(seconds, abs=1e-4)
    assert t.parse_http_date(t.http_date(seconds)) == pytest.approx(seconds // 1, abs=1e-4)
    assert t.parse_epoch(t.epoch(seconds)) == pytest.approx(seconds, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01T02:00:01+02:00", 1.0),
        ("1969-12-31T22:00:01-0200", 1.0),
        ("1970-01-02", 86_400.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 1.0),
        ("Thursday, 01-Jan-1970 00:00:01 GMT", 1.0),
        ("Thu, 01 Jan 1970 01:00:01 +0100", 1.0),
        ("1.25", 1.25),
    ],
)
def test_spellings(text: str, seconds: float) -> None:
    assert t.parse_any(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2020-02-30",
        "2020-13-01T00:00:00Z",
        "1e400",
        "nan",
        "99999999999999",
        "0000-01-01T00:00:00Z",
        "Thu, 01 Foo 1970 00:00:01 GMT",
        "2020-01-01T00:00:00+99:99",
    ],
)
def test_no_times(text: str) -> None:
    with pytest.raises(ValueError):
        t.parse_any(text)


@given(st.text(max_size=30))
def test_any_text(text: str) -> None:
    try:
        found = t.parse_any(text)
    except ValueError:
        return
    assert t.EARLIEST - 100_000 <= found <= t.LATEST + 100_000
