"""The GPUs of this machine, by their device numbers."""

from __future__ import annotations

import re
from pathlib import Path

NVIDIA = re.compile(r"nvidia(\d+)$")


def find(devices: Path = Path("/dev")) -> tuple[int, ...]:
    """As the driver numbers them."""
    matches = (NVIDIA.match(entry.name) for entry in devices.glob("nvidia[0-9]*"))
    return tuple(sorted(int(match[1]) for match in matches if match))
