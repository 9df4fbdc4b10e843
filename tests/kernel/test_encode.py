"""What lies in the outbox and in service tables: JSON that others sent, odd as it may be."""

from __future__ import annotations

from typing import Any

import pytest

from owari.store.encode import dumps, loads


def nested(depth: int) -> Any:
    value: Any = b"bytes"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [nested(1), nested(254), nested(300), {"a": [1, "\u20ac", b""]}])
def test_there_and_back(value: Any) -> None:
    assert loads(dumps(value)) == value


def test_a_number_beyond_64_bits_does_not_fail() -> None:
    assert loads(dumps({"n": 10**30})) == {"n": 1e30}


def test_half_a_surrogate_pair_is_refused_before_it_is_stored() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        dumps({"a": "\ud800", "n": 10**30})
