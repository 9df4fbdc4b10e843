from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.batch.support import BatchWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BatchWorld]:
    """With 4 vCPUs and 8 GiB, an environment, a queue `q` and a definition `d`."""
    made = BatchWorld(tmp_path / "owari")
    made.set_up()
    made.machine()
    yield made
    made.close()
