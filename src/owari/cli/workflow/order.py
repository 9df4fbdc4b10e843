"""Layered layout, second step: the order within each rank, by barycentres.

Every link here joins a node with one of the next rank: long ones have been cut into pieces.
"""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Sequence
from itertools import pairwise

SWEEPS = 12
Layers = list[list[int]]


def ordered(layers: Layers, links: Sequence[tuple[int, int]]) -> Layers:
    """The order with the fewest crossings among those that the sweeps come to."""
    above: dict[int, list[int]] = {n: [] for layer in layers for n in layer}
    below: dict[int, list[int]] = {n: [] for layer in layers for n in layer}
    for upper, lower in links:
        below[upper].append(lower)
        above[lower].append(upper)
    best, fewest = layers, crossings(layers, below)
    current = layers
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        current = _swept(current, above if down else below, down)
        count = crossings(current, below)
        if count < fewest:
            best, fewest = current, count
    return best


def _swept(layers: Layers, beside: dict[int, list[int]], down: bool) -> Layers:
    done = [list(layer) for layer in layers]
    places = range(1, len(done)) if down else range(len(done) - 2, -1, -1)
    for place in places:
        fixed = done[place - 1 if down else place + 1]
        position = {node: at for at, node in enumerate(fixed)}
        share = len(fixed) / max(1, len(done[place]))
        own = {node: at * share for at, node in enumerate(done[place])}
        centres = {node: _centre(beside[node], position, own[node]) for node in done[place]}
        done[place].sort(key=centres.__getitem__)
    return done


def _centre(nodes: list[int], position: dict[int, int], otherwise: float) -> float:
    return sum(position[n] for n in nodes) / len(nodes) if nodes else otherwise


def crossings(layers: Layers, below: dict[int, list[int]]) -> int:
    total = 0
    for upper, lower in pairwise(layers):
        position = {node: at for at, node in enumerate(lower)}
        seen: list[int] = []
        for node in upper:
            ends = sorted(position[n] for n in below[node])
            total += sum(len(seen) - bisect(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
