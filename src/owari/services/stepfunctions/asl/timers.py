"""A frame's timers. A key is never used twice by a frame, so a late report cannot mislead."""

from __future__ import annotations

from owari.services.stepfunctions.asl.frames import Frame
from owari.services.stepfunctions.asl.instructions import CancelTimer, StartTimer
from owari.services.stepfunctions.asl.turn import Turn


def start_timer(turn: Turn, frame: Frame, purpose: str, at_ms: int) -> str:
    """`purpose` is "wait", "retry", "timeout" or "heartbeat". Returns the timer's key."""
    key = f"{purpose}-{turn.live.execution.events}"
    frame.timers[key] = at_ms
    turn.instruct(StartTimer(frame.id, key, at_ms))
    return key


def clear_timers(turn: Turn, frame: Frame, purpose: str = "") -> None:
    for key in [key for key in frame.timers if key.startswith(purpose)]:
        del frame.timers[key]
        turn.instruct(CancelTimer(frame.id, key))
