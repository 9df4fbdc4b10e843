"""Service time under a wall clock that jumps."""

from __future__ import annotations

import time

import pytest

from owari import clock
from owari.clock import ServiceClock


class Machine:
    """Its two clocks, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = 1_900_000_000.0
        self.steady = 500.0
        monkeypatch.setattr(time, "time", lambda: self.wall)
        monkeypatch.setattr(clock, "_steady", lambda: self.steady)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def started(stored: float = 0.0, speed: float = 1.0) -> ServiceClock:
    made = ServiceClock(speed)
    made.begin(stored)
    return made


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_jump_moves_real_time_alone(machine: Machine, jump: float) -> None:
    service = started()
    machine.passes(10)
    machine.wall += jump
    machine.passes(5)
    assert service.now() == 1_900_000_015.0
    assert service.real() == 1_900_000_015.0 + jump


def test_a_restart_never_goes_back(machine: Machine) -> None:
    service = started()
    machine.passes(100)
    stored = service.now()
    machine.wall -= 86_400
    again = started(stored)
    assert again.now() == stored
    machine.passes(1)
    assert again.now() == stored + 1
    machine.wall += 2 * 86_400
    assert started(stored).now() == machine.wall


def test_it_can_run_faster(machine: Machine) -> None:
    service = started(speed=60.0)
    machine.passes(2)
    assert service.now() == 1_900_000_120.0


def test_the_steady_clock_is_steady() -> None:
    first, second = clock._steady(), clock._steady()
    assert first <= second < first + 10
