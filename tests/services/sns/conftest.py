from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.sns.targets import Targets


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Targets]:
    made = Targets(tmp_path / "owari")
    yield made
    made.close()
