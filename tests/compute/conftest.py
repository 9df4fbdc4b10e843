from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compute.lab import Lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One agent for all tests of a module: a misbehaving function must not harm the next."""
    made = Lab(tmp_path_factory.mktemp("data")).up()
    yield made
    made.down()


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    made: list[Lab] = []

    def make(**options: Any) -> Lab:
        made.append(Lab(tmp_path / "data", **options).up())
        return made[-1]

    yield make
    for lab in made:
        lab.down()
