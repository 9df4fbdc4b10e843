"""Layered layout, third step: where each node's axis stands, so that links run straight.

A node has a box symmetrical to its axis, and perhaps more to its right. Links leave below and
arrive above at ports, given as distances from the axis. Everything is in whole units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

SWEEPS = 10


@dataclass(frozen=True, slots=True)
class Span:
    """What a node needs to the left and to the right of its axis."""

    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A link between neighbouring ranks; the higher its weight, the straighter."""

    upper: int
    lower: int
    upper_port: int
    lower_port: int
    weight: int


Axes = list[float]
Wish = tuple[float, float]  # where, how much


def axes(
    layers: Sequence[Sequence[int]], spans: Sequence[Span], pieces: Sequence[Piece], gap: int
) -> list[int]:
    """The axis of each node; the leftmost span begins at 0."""
    found: Axes = [0.0] * len(spans)
    above: list[list[Piece]] = [[] for _ in spans]
    below: list[list[Piece]] = [[] for _ in spans]
    for piece in pieces:
        below[piece.upper].append(piece)
        above[piece.lower].append(piece)
    for layer in layers:
        _settle(layer, spans, gap, found, lambda _: (0.0, 1.0))
    for _ in range(SWEEPS):
        for layer in layers:
            _settle(layer, spans, gap, found, lambda n: _wish(found, n, above[n], []))
        for layer in reversed(layers):
            _settle(layer, spans, gap, found, lambda n: _wish(found, n, [], below[n]))
    for layer in layers:
        _settle(layer, spans, gap, found, lambda n: _wish(found, n, above[n], below[n]))
    whole = [int(x // 1) for x in found]  # one way of rounding keeps whole distances
    leftmost = min(x - span.left for x, span in zip(whole, spans, strict=True))
    return [x - leftmost for x in whole]


def _wish(found: Axes, node: int, above: list[Piece], below: list[Piece]) -> Wish:
    """Where the node's links would be straight; almost no wish without links."""
    total, weight = 0.0, 0
    for piece in above:
        total += piece.weight * (found[piece.upper] + piece.upper_port - piece.lower_port)
        weight += piece.weight
    for piece in below:
        total += piece.weight * (found[piece.lower] + piece.lower_port - piece.upper_port)
        weight += piece.weight
    return (total / weight, float(weight)) if weight else (found[node], 0.01)


def _settle(
    layer: Sequence[int],
    spans: Sequence[Span],
    gap: int,
    found: Axes,
    wish: Callable[[int], Wish],
) -> None:
    """As near as can be to the wishes, least squares, in order and apart.

    Less the distances they must keep, the axes need only not fall: isotonic regression, by
    pooling neighbours that want to pass one another.
    """
    offsets: list[int] = []
    pools: list[list[float]] = []  # sum of weighted wishes, weight, how many nodes
    for at, node in enumerate(layer):
        before = layer[at - 1]
        apart = spans[before].right + gap + spans[node].left if at else 0
        offsets.append(offsets[-1] + apart if at else 0)
        where, weight = wish(node)
        pools.append([(where - offsets[at]) * weight, weight, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    at = 0
    for total, weight, count in pools:
        for _ in range(int(count)):
            found[layer[at]] = total / weight + offsets[at]
            at += 1


def runs(count: int, pieces: Sequence[Piece]) -> list[list[int]]:
    """The longest ways along which every node has only this one link, above and below."""
    above, below = [0] * count, [0] * count
    for piece in pieces:
        below[piece.upper] += 1
        above[piece.lower] += 1
    onwards = {p.upper: p.lower for p in pieces if below[p.upper] == above[p.lower] == 1}
    found = []
    for first in sorted(onwards.keys() - set(onwards.values())):
        run = [first]
        while run[-1] in onwards:
            run.append(onwards[run[-1]])
        found.append(run)
    return sorted(found, key=len, reverse=True)


def straightened(
    layers: Sequence[Sequence[int]],
    spans: Sequence[Span],
    pieces: Sequence[Piece],
    found: list[int],
    gap: int,
) -> list[int]:
    """Each run on one axis, or on as few as its neighbours leave room for."""
    done = list(found)
    beside = {n: (layer, at) for layer in layers for at, n in enumerate(layer)}
    into = _heaviest((p.lower, p) for p in pieces)
    out_of = _heaviest((p.upper, p) for p in pieces)
    for run in runs(len(spans), pieces):
        rest = run
        while rest:
            rooms = [_room(*beside[node], spans, done, gap) for node in rest]
            count, low, high = _common(rooms)
            part, rest = rest[:count], rest[count:]
            wanted = []
            if (above := into.get(part[0])) is not None:
                wanted.append(done[above.upper] + above.upper_port - above.lower_port)
            if (below := out_of.get(part[-1])) is not None:
                wanted.append(done[below.lower] + below.lower_port - below.upper_port)
            free = [x for x in wanted if low <= x <= high]
            middle = sum(done[node] for node in part) // count
            x = free[0] if free else int(min(max(middle, low), high))
            for node in part:
                done[node] = x
    return done


def _heaviest(pieces: Iterable[tuple[int, Piece]]) -> dict[int, Piece]:
    """Each node's piece that is heavier than its others; none where the first two are equal."""
    found: dict[int, list[Piece]] = {}
    for node, piece in pieces:
        found.setdefault(node, []).append(piece)
    best = {}
    for node, every in found.items():
        every.sort(key=lambda p: -p.weight)
        if len(every) == 1 or every[0].weight > every[1].weight:
            best[node] = every[0]
    return best


def _common(rooms: Sequence[tuple[float, float]]) -> tuple[int, float, float]:
    """How many of the first rooms have a part in common, and that part."""
    low, high = rooms[0]
    for count, (least, most) in enumerate(rooms):
        if max(low, least) > min(high, most):
            return count, low, high
        low, high = max(low, least), min(high, most)
    return len(rooms), low, high


def _room(
    layer: Sequence[int], at: int, spans: Sequence[Span], found: list[int], gap: int
) -> tuple[float, float]:
    """The lowest and highest axis a node may have between its neighbours."""
    own = spans[layer[at]]
    low, high = float(own.left), float("inf")  # nothing left of 0
    if at:
        before = layer[at - 1]
        low = found[before] + spans[before].right + gap + own.left
    if at + 1 < len(layer):
        after = layer[at + 1]
        high = found[after] - spans[after].left - gap - own.right
    return low, high
