"""TestState, against AWS's recorded answers."""

from __future__ import annotations

import pytest

from tests.services.stepfunctions.recorded import compare_test_state, rows, run_test_state

ROWS = rows("teststate.jsonl")
# The recording holds the answer to a second call beside the request of the first.
OTHER_CALL = {17, 19, 21, 24, 30, 32, 34, 110, 112}


@pytest.mark.parametrize("at", range(len(ROWS)))
def test_a_state_is_tested_as_on_aws(at: int) -> None:
    matches, theirs, ours = compare_test_state(ROWS[at])
    assert matches == (at not in OTHER_CALL), (theirs, ours)


def test_a_map_shows_what_its_selector_and_batcher_make() -> None:
    state = {
        "Type": "Map", "End": True,
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {}},
        "ItemSelector": {"v.$": "$$.Map.Item.Value"},
        "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}},
        },
    }  # fmt: skip
    request = {
        "definition": state, "inspectionLevel": "DEBUG", "mock": {"result": "[1]"},
        "stateConfiguration": {"mapItemReaderData": "[1, 2, 3]"},
    }  # fmt: skip
    data = run_test_state({"request": request})["inspectionData"]
    assert data["afterItemSelector"] == '[{"v": 1}, {"v": 2}, {"v": 3}]'
    assert data["afterItemBatcher"] == ('[{"Items": [{"v": 1}, {"v": 2}]}, {"Items": [{"v": 3}]}]')
