"""Layered layout of one scope: boxes in ranks, links at right angles, labels in their course.

Pure, in whole units: the same code lays out pixels for a picture and cells for a terminal. A
label is a node of its own on its link, so that nothing can cover it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from owari.cli.workflow.channels import Step, tracks
from owari.cli.workflow.coordinates import Piece, Span, axes, straightened
from owari.cli.workflow.order import Layers, ordered
from owari.cli.workflow.ranks import backward, ranks

Point = tuple[int, int]
STRAIGHT = {0: 1, 1: 3, 2: 8}  # by how many of a piece's ends are bends, not boxes


@dataclass(frozen=True, slots=True)
class Box:
    """Half its width, its height, and what it needs beside its right edge. The first is on top."""

    half: int
    height: int
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """From box to box (places in the list, never the same); the more weight, the straighter."""

    source: int
    target: int
    label: Box | None = None  # its half width and its height
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Gaps:
    """`port`: between links at one edge of a box (even); `above` and `below` the tracks."""

    node: int
    port: int
    track: int
    above: int
    below: int


@dataclass(frozen=True, slots=True)
class Placed:
    """The axis and top of a box; `half` may have grown to make room for its links."""

    axis: int
    top: int
    half: int


@dataclass(frozen=True, slots=True)
class Route:
    """From source to target; the label's axis and top."""

    points: tuple[Point, ...]
    label: Point | None


@dataclass(frozen=True, slots=True)
class Layout:
    boxes: tuple[Placed, ...]
    routes: tuple[Route, ...]
    width: int
    height: int


@dataclass(slots=True)
class _Work:
    """The proper graph: every piece joins neighbouring ranks. Boxes come first, then bends."""

    boxes: list[Box]
    rank: list[int]
    chains: list[list[int]]  # of each link, downwards: box, bends, box
    labels: dict[int, int]  # the link's bend that holds its label


def layout(boxes: Sequence[Box], links: Sequence[Link], gaps: Gaps) -> Layout:
    reversed_links = backward(len(boxes), [(k.source, k.target, 1) for k in links])
    work = _proper(boxes, links, reversed_links)
    layers = ordered(_by_rank(work), [pair for chain in work.chains for pair in _pairs(chain)])
    ports = _ports(work, layers, gaps.port)
    work.boxes = _grown(work, ports, gaps.port)
    weights = [1 if n in reversed_links else link.weight for n, link in enumerate(links)]
    x = _axes(work, layers, ports, gaps, weights)
    tops, lanes, height = _heights(work, layers, ports, x, gaps)
    routes = []
    for number, chain in enumerate(work.chains):
        points = _course(work, chain, number, ports, x, tops, lanes)
        bend = work.labels.get(number)
        label = (x[bend], tops[work.rank[bend]]) if bend is not None else None
        routes.append(Route(points[::-1] if number in reversed_links else points, label))
    placed = [Placed(x[n], tops[work.rank[n]], work.boxes[n].half) for n in range(len(boxes))]
    width = max(x[n] + box.half + box.beside for n, box in enumerate(work.boxes))
    return Layout(tuple(placed), tuple(routes), width, height)


def _pairs(chain: Sequence[int]) -> list[tuple[int, int]]:
    return list(pairwise(chain))


def _proper(boxes: Sequence[Box], links: Sequence[Link], reversed_links: set[int]) -> _Work:
    downwards = []
    for number, link in enumerate(links):
        ends = (link.source, link.target)
        upper, lower = reversed(ends) if number in reversed_links else ends
        downwards.append((upper, lower, 2 if link.label else 1))
    work = _Work(list(boxes), ranks(len(boxes), downwards), [], {})
    for number, (upper, lower, _) in enumerate(downwards):
        between = range(work.rank[upper] + 1, work.rank[lower])
        bends = list(range(len(work.boxes), len(work.boxes) + len(between)))
        work.rank += between
        work.boxes += [Box(0, 0)] * len(bends)
        if label := links[number].label:  # by its source
            work.labels[number] = bends[-1] if number in reversed_links else bends[0]
            work.boxes[work.labels[number]] = label
        work.chains.append([upper, *bends, lower])
    return work


def _by_rank(work: _Work) -> Layers:
    """In each rank the order in which a walk from the first box, link by link, meets them."""
    below: dict[int, list[int]] = {}
    for chain in work.chains:
        for upper, lower in _pairs(chain):
            below.setdefault(upper, []).append(lower)
    layers: Layers = [[] for _ in range(max(work.rank) + 1)]
    seen: set[int] = set()
    for root in sorted(range(len(work.boxes)), key=lambda n: (work.rank[n], n)):
        left = [root]
        while left:
            node = left.pop()
            if node not in seen:
                seen.add(node)
                layers[work.rank[node]].append(node)
                left += reversed(below.get(node, ()))
    return layers


@dataclass(slots=True)
class _Ports:
    """Distances from the axis: of a link's first box below, of its last box above."""

    leaving: list[int]
    arriving: list[int]
    most: dict[int, int]  # the links at a box's busier edge


def _ports(work: _Work, layers: Layers, apart: int) -> _Ports:
    position = {node: at for layer in layers for at, node in enumerate(layer)}
    found = _Ports([0] * len(work.chains), [0] * len(work.chains), {})
    for places, own, other in ((found.leaving, 0, 1), (found.arriving, -1, -2)):
        at_box: dict[int, list[int]] = {}
        for number, chain in enumerate(work.chains):
            at_box.setdefault(chain[own], []).append(number)
        for box, numbers in at_box.items():
            numbers.sort(key=lambda n: (position[work.chains[n][other]], n))
            found.most[box] = max(found.most.get(box, 0), len(numbers))
            for at, number in enumerate(numbers):
                places[number] = (2 * at - len(numbers) + 1) * apart // 2
    return found


def _grown(work: _Work, ports: _Ports, apart: int) -> list[Box]:
    """Boxes wide enough for their links."""
    found = list(work.boxes)
    for node, count in ports.most.items():
        least = (count - 1) * apart // 2 + apart // 4 if count > 1 else 0
        found[node] = replace(found[node], half=max(found[node].half, least))
    return found


def _axes(
    work: _Work, layers: Layers, ports: _Ports, gaps: Gaps, weights: Sequence[int]
) -> list[int]:
    pieces = []
    bends = {n for chain in work.chains for n in chain[1:-1]}
    for number, chain in enumerate(work.chains):
        for upper, lower in _pairs(chain):
            leaving = 0 if upper in bends else ports.leaving[number]
            arriving = 0 if lower in bends else ports.arriving[number]
            weight = STRAIGHT[(upper in bends) + (lower in bends)] * weights[number]
            pieces.append(Piece(upper, lower, leaving, arriving, weight))
    spans = [Span(box.half, box.half + box.beside) for box in work.boxes]
    found = axes(layers, spans, pieces, gaps.node)
    return straightened(layers, spans, pieces, found, gaps.node)


Lanes = list[dict[tuple[int, int], int]]  # between two ranks: (link, upper node) → y


def _heights(
    work: _Work, layers: Layers, ports: _Ports, x: list[int], gaps: Gaps
) -> tuple[list[int], Lanes, int]:
    """The top of each rank, the y of each link's track below it, the whole height."""
    passing: list[dict[tuple[int, int], Step]] = [{} for _ in layers]
    for number, chain in enumerate(work.chains):
        for upper, lower in _pairs(chain):
            step = Step(*_ends(chain, number, upper, lower, ports, x))
            if step.x1 != step.x2:
                passing[work.rank[upper]][number, upper] = step
    tops, lanes, y = [], [], 0
    for layer, steps in zip(layers, passing, strict=True):
        tops.append(y)
        found = tracks(list(steps.values()), gaps.port)
        bottom = y + max(work.boxes[node].height for node in layer)
        first = bottom + gaps.above
        lanes.append({k: first + n * gaps.track for k, n in zip(steps, found, strict=True)})
        y = first + max(found, default=0) * gaps.track + gaps.below
    return tops, lanes, bottom


def _ends(
    chain: list[int], number: int, upper: int, lower: int, ports: _Ports, x: list[int]
) -> Point:
    """The x at which a piece leaves its upper and arrives at its lower node."""
    leaving = ports.leaving[number] if upper == chain[0] else 0
    arriving = ports.arriving[number] if lower == chain[-1] else 0
    return x[upper] + leaving, x[lower] + arriving


def _course(
    work: _Work,
    chain: list[int],
    number: int,
    ports: _Ports,
    x: list[int],
    tops: list[int],
    lanes: Lanes,
) -> tuple[Point, ...]:
    first, last = chain[0], chain[-1]
    points = [(x[first] + ports.leaving[number], tops[work.rank[first]] + work.boxes[first].height)]
    for upper, lower in _pairs(chain):
        x1, x2 = _ends(chain, number, upper, lower, ports, x)
        if x1 != x2:
            y = lanes[work.rank[upper]][number, upper]
            points += [(x1, y), (x2, y)]
    points.append((x[last] + ports.arriving[number], tops[work.rank[last]]))
    return tuple(points)
