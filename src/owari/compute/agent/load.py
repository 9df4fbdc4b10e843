"""How busy the processors of this machine are."""

from __future__ import annotations

import os

SPARE = 0.1  # of all processors: less than this idle is saturated


class Load:
    """From `/proc/stat` (proc(5)): counters of 10 ms each, so measure over 50 ms at least."""

    def __init__(self) -> None:
        self._fd = os.open("/proc/stat", os.O_RDONLY | os.O_CLOEXEC)
        self._before = self._read()

    def begin(self) -> None:
        """Measure from now on."""
        self._before = self._read()

    def saturated(self) -> bool:
        """Whether they had hardly any time to spare since `begin`."""
        idle, total = self._read()
        return idle - self._before[0] <= SPARE * (total - self._before[1])

    def _read(self) -> tuple[int, int]:
        """Ticks idle (or waiting for a disk), and all ticks, since the machine started."""
        ticks = [int(word) for word in os.pread(self._fd, 256, 0).split(b"\n")[0].split()[1:9]]
        return ticks[3] + ticks[4], sum(ticks)
