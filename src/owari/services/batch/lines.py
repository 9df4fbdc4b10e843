"""Lines: jobs that need the same from the same queue and share.

A line's text says all that the scheduler has to know of them, so that it can be read off an index
without opening a single job.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from owari.services.batch.demand import Need
from owari.services.batch.demands import Size

_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class LineKey:
    """`queue`: `account/region/name`, as resource keys are."""

    queue: str
    share: str
    need: Need


def resource_key(account: str, region: str, name: str) -> str:
    return f"{account}/{region}/{name}"


def parts_of_key(key: str) -> tuple[str, str, str]:
    account, region, name = key.split("/")
    return account, region, name


def line_text(queue: str, share: str, sizes: Iterable[Size], consumables: dict[str, int]) -> str:
    parts = [[s.vcpus, s.memory, s.gpus] for s in sizes]
    need = json.dumps([parts, sorted(consumables.items())], separators=(",", ":"))
    return _SEPARATOR.join((queue, share, need))


@lru_cache(maxsize=256)
def line_key(text: str) -> LineKey:
    queue, share, need = text.split(_SEPARATOR)
    parts, consumables = json.loads(need)
    sizes = tuple(Size(*part) for part in parts)
    return LineKey(queue, share, Need(sizes, tuple((k, n) for k, n in consumables)))
