from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.sqs.driving import Queues


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Queues]:
    made = Queues(tmp_path / "owari")
    yield made
    made.close()
