"""How large a number may be in a pattern."""

from __future__ import annotations

import pytest

from owari.patterns.expressions import PatternError
from owari.patterns.matching import matches
from owari.patterns.tree import build


def test_files_may_be_told_apart_by_gigabytes() -> None:
    pattern = build({"size": [{"numeric": [">=", 5 * 2**30, "<", 5e11]}]})
    assert matches(pattern, {"size": 6 * 2**30})
    assert not matches(pattern, {"size": 4 * 2**30})


def test_half_a_trillion_is_the_most() -> None:
    with pytest.raises(PatternError, match="Value must be between"):
        build({"size": [{"numeric": [">", 500_000_000_001]}]})
