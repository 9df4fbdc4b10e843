"""The ledger of what jobs may take: never over capacity, nothing lost, GPUs handed out once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from owari.compute.agent.ledger import Capacity, Ledger, Need

needs = st.builds(
    Need,
    vcpus=st.sampled_from([0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 64.0]),
    memory_mib=st.integers(4, 1_000),
    gpus=st.integers(0, 2),
)


@given(st.lists(st.tuples(needs, st.booleans()), max_size=60))
def test_any_order_of_taking_and_giving(steps: list[tuple[Need, bool]]) -> None:
    ledger = Ledger(Capacity(4.0, 2_000, (0, 1, 2)))
    held: list[tuple[Need, tuple[int, ...]]] = []
    for need, give in steps:
        if give and held:
            ledger.give(*held.pop(0))
        if ledger.fits(need):
            held.append((need, ledger.take(need)))
        ledger.sanity_check()
        used = [gpu for _, gpus in held for gpu in gpus]
        assert len(used) == len(set(used)) and len(used) + len(ledger.gpus) == 3
        assert sum(n.memory_mib for n, _ in held) == ledger.memory_mib <= 2_000
        assert sum(min(n.vcpus, 4.0) for n, _ in held) <= 4.0 + 1e-3
    for entry in held:
        ledger.give(*entry)
    assert (ledger.vcpus, ledger.memory_mib, ledger.taken) == (0.0, 0, 0)


def test_more_processors_than_there_are_run_alone() -> None:
    ledger = Ledger(Capacity(2.0, 1_000))
    large, small = Need(16.0, 10), Need(0.25, 10)
    assert ledger.never(large) == ""
    ledger.take(small)
    assert not ledger.fits(large)
    ledger.give(small, ())
    assert ledger.fits(large)
    ledger.take(large)
    assert not ledger.fits(small)


def test_what_never_fits_says_why() -> None:
    ledger = Ledger(Capacity(2.0, 1_000, (0,)))
    assert "1001 MiB" in ledger.never(Need(1.0, 1_001))
    assert "2 GPUs" in ledger.never(Need(1.0, 10, 2))
