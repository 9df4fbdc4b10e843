from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.run import simulate


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_whatever_is_killed(tmp_path: Path, seed: int) -> None:
    done = simulate(tmp_path, seed, steps=150)
    assert done.kills > 0
    assert done.requests
