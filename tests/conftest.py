from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.world import World

# A busy machine makes no test fail, and the same code passes today and tomorrow: the examples are
# drawn from the test itself. `--soak` draws others each time.
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", **SLOW, derandomize=True)
settings.register_profile("soak", **SLOW)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak",
        action="store_true",
        help="run the crash tests for long, and property tests on other examples each time",
    )


def pytest_configure(config: pytest.Config) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:  # as in the background of a script
            signal.signal(number, signal.SIG_DFL)  # for the processes that tests start
    settings.load_profile("soak" if config.getoption("--soak") else "steady")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A simulated Owari over a fresh data folder."""
    made = World(tmp_path / "owari")
    yield made
    made.close()
