"""Why a row of the recordings cannot be met, for the rows that are known not to be."""

from __future__ import annotations

from tests.parity.stage import Row

BLANKS = "recorded before AWS made texts compact (a later recording of the same shape is)"
REASONS = {
    "test_sync_with_task_token": "the machine it starts is not recorded",
    "test_send_message_no_such_queue_no_catch": "the recorder changed the random queue name",
    "test_map_state_config_inline_item_selector": BLANKS,
    "test_map_state_legacy_config_distributed_item_selector": BLANKS,
    "test_map_state_legacy_config_distributed_parameters": BLANKS,
    "test_map_state_legacy_config_inline": BLANKS,
    "test_map_state_legacy_config_inline_item_selector": BLANKS,
    "test_parallel_state_nested": BLANKS,
}


def reason_for(row: Row) -> str | None:
    if str(row.get("note", "")).startswith("fallback"):
        return "the recorded request is that of another call of the same test"
    return REASONS.get(row["test"].split("::")[-1])
