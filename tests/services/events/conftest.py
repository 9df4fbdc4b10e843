from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.events.driving import Bus


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    made = Bus(tmp_path / "owari")
    yield made
    made.close()
