"""Runs with items: many processes of one spec, reported in pieces (compute/base.py).

Each item is a run of its own to the rest of the agent, known as `run_id/number`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from owari.compute.agent import protocol
from owari.effects import ITEM_REPORT, OF_RUN

Key = tuple[str, int]  # (run_id, attempt)


class Together:
    """One such run, until its last item is reported."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.key: Key = (spec["run_id"], spec["attempt"])
        self.spec = spec
        self.unended = len(spec["items"])
        self._ended: list[list[Any]] = []  # not reported yet
        self._pieces = 0

    def runs(self) -> Iterator[tuple[Key, dict[str, Any]]]:
        """The key and the spec of each item."""
        run_id, attempt = self.key
        spec = {name: value for name, value in self.spec.items() if name != "items"}
        for number, variables, stream in self.spec["items"]:
            id = f"{run_id}{OF_RUN}{number}"
            own = {"run_id": id, "variables": spec["variables"] | variables, "log_stream": stream}
            yield (id, attempt), spec | own

    def add(self, number: int, report: dict[str, Any]) -> None:
        self.unended -= 1
        self._ended.append([number, *[report[name] for name in ITEM_REPORT]])

    def take_piece(self) -> tuple[int, bytes]:
        """Its number, and the frame that tells of all that ended since the last."""
        self._pieces += 1
        ended, self._ended = self._ended, []
        return self._pieces, piece(self.key, self._pieces, "ok", self.unended > 0, ended)


def piece(key: Key, number: int, status: str, more: bool, ended: list[list[Any]]) -> bytes:
    return protocol.message(
        {
            "k": "report",
            "call": protocol.DURABLE,
            "tail": 0,
            "run_id": key[0],
            "attempt": key[1],
            "status": status,
            "piece": number,
            "more": more,
            "ended": ended,
        }
    )


def item_of(key: Key) -> tuple[Key, int] | None:
    """The run that it is an item of, and its number there."""
    run_id, separator, number = key[0].partition(OF_RUN)
    return ((run_id, key[1]), int(number)) if separator else None
