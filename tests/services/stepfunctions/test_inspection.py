"""TestState, against AWS's recorded answers."""

from __future__ import annotations

import pytest

from tests.services.stepfunctions.recorded import compare_test_state, rows

ROWS = rows("teststate.jsonl")
# The recording holds the answer to a second call beside the request of the first.
OTHER_CALL = {17, 19, 21, 24, 30, 32, 34, 110, 112}


@pytest.mark.parametrize("at", range(len(ROWS)))
def test_a_state_is_tested_as_on_aws(at: int) -> None:
    matches, theirs, ours = compare_test_state(ROWS[at])
    assert matches == (at not in OTHER_CALL), (theirs, ours)
