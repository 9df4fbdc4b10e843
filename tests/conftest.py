from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the crash tests for long")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A simulated Owari over a fresh data folder."""
    made = World(tmp_path / "owari")
    yield made
    made.close()
