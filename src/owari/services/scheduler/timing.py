"""Setting and taking back the one wake-up a schedule has."""

from __future__ import annotations

from owari.effects import ReplyTo, Wake
from owari.services.scheduler.rows import Schedule
from owari.store.tx import Tx


def set_timer(tx: Tx, s: Schedule, due: float | None) -> None:
    """Within its flexible window, at a time that chance decides."""
    take_back(tx, s)
    s.due = due
    if due is None:
        return
    window_s = s.settings["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0) * 60
    s.timer = tx.emit(
        Wake(),
        due=due + tx.random.random() * window_s,
        reply_to=ReplyTo("scheduler", "due", f"{s.group}/{s.name}"),
        principal="scheduler.amazonaws.com",
    )


def take_back(tx: Tx, s: Schedule) -> None:
    if s.timer is not None:
        tx.cancel(s.timer)
        s.timer = None
