"""What `owari status` says of schedules: what was missed while Owari was down."""

from __future__ import annotations

from owari.store.tx import Tx
from owari.wire.operation import Notice, Overview, overview

SHOWN_MAX = 100


@overview("scheduler")
def of_scheduler(tx: Tx) -> Overview:
    """Those that this start of the server made up for."""
    rows = tx.all(
        "SELECT * FROM scheduler_schedule WHERE missed_at >= ? ORDER BY missed_at DESC LIMIT ?",
        tx.up_since,
        SHOWN_MAX,
    )
    for row in rows:
        times = "once" if row["missed_last"] == 1 else f"{row['missed_last']} times"
        why = f"missed {times} while Owari was down, invoked once for that"
        yield Notice(
            "schedule", f"{row['grp']}/{row['name']}", "", why, row["account"], row["region"],
            alarming=False, since=row["missed_at"],
        )  # fmt: skip
