from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.ecs.support import EcsWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EcsWorld]:
    made = EcsWorld(tmp_path)
    made.begin()
    yield made
    made.close()
