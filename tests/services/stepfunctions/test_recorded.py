"""Against executions recorded on AWS; skipped where the recordings are not at hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.stepfunctions.recorded import compare, rows

EXECUTIONS = rows("executions.jsonl")
# Rows that cannot match, and why.
PLACEHOLDER = "the recording holds the placeholder `date` for the very value that is compared"
OLD_TEXT = "recorded before AWS wrote a state's input compactly, as it does since 2024"
OLD_LINK = "recorded before AWS chained a distributed Map's exit to its MapRunStarted"
RACE = "four time-outs at the same instant: their order is chance"
KNOWN = {
    383: PLACEHOLDER,
    534: OLD_TEXT, 552: OLD_TEXT, 553: OLD_TEXT, 554: OLD_TEXT, 555: OLD_TEXT, 577: OLD_TEXT,
    521: OLD_LINK, 522: OLD_LINK, 528: OLD_LINK, 533: OLD_LINK, 560: OLD_LINK,
    565: OLD_LINK, 566: OLD_LINK, 568: OLD_LINK, 569: OLD_LINK,
    651: RACE,
}  # fmt: skip


@pytest.mark.parametrize("at", range(len(EXECUTIONS)))
def test_an_execution_goes_as_on_aws(at: int) -> None:
    row: dict[str, Any] = EXECUTIONS[at]
    found = compare(at, row)
    if found is None:
        pytest.skip("neither a history nor a single case")
    exact = found.status and found.result and found.details and found.links
    if at in KNOWN:
        assert not exact, "this row matches now: take it off the list"
        assert found.status
    else:
        assert exact and found.sequence, found.why
