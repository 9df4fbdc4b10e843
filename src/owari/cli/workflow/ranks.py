"""Layered layout, first step: a rank for each node, by the longest path to it.

Nodes are 0 … n-1, node 0 comes first; a link is (source, target, least length in ranks).
"""

from __future__ import annotations

from collections.abc import Sequence

Link = tuple[int, int, int]


def backward(count: int, links: Sequence[Link]) -> set[int]:
    """The links (by their place) that close a loop, as a walk from node 0 meets them."""
    leaving = _leaving(count, links)
    state = [0] * count  # 0 unseen, 1 on the path, 2 done
    found: set[int] = set()
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        path = [(root, iter(leaving[root]))]
        while path:
            node, rest = path[-1]
            place = next(rest, None)
            if place is None:
                state[node] = 2
                path.pop()
                continue
            target = links[place][1]
            if state[target] == 1:
                found.add(place)
            elif state[target] == 0:
                state[target] = 1
                path.append((target, iter(leaving[target])))
    return found


def ranks(count: int, links: Sequence[Link]) -> list[int]:
    """The rank of each node; the links have no loops."""
    leaving = _leaving(count, links)
    waiting = [0] * count
    for _, target, _ in links:
        waiting[target] += 1
    ready = [node for node in range(count) if not waiting[node]]
    found = [0] * count
    for node in ready:  # grows while it is walked
        for place in leaving[node]:
            _, target, length = links[place]
            found[target] = max(found[target], found[node] + length)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    assert len(ready) == count, "the links have a loop"
    return found


def _leaving(count: int, links: Sequence[Link]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(count)]
    for place, (source, _, _) in enumerate(links):
        found[source].append(place)
    return found
