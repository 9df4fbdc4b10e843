"""Which of very many patterns an event matches, without trying each. Pure.

Every pattern is filed under the most telling of its keys: what one field must equal, begin with,
hold, lie between, or else that it is there at all (keys.py). An event is then tried only on the
patterns filed under what it shows, and on those that have no such key. The index only leaves out;
the trial itself decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from owari.patterns.compiled import Test, compiled
from owari.patterns.keys import NOTHING, SCANS, Key, Look, Path, rank, seen, ways
from owari.patterns.matching import TooManySteps
from owari.patterns.tree import Node

Name = TypeVar("Name")

SCANNED_MAX = 64  # values of one field that are each held against all keys of a scan


@dataclass(slots=True)
class Index(Generic[Name]):
    """`filed` by path, look and key; `unfiled` are tried on every event."""

    filed: dict[Path, dict[Look, dict[Any, list[tuple[int, Name, Test]]]]] = field(
        default_factory=dict
    )
    unfiled: list[tuple[int, Name, Test]] = field(default_factory=list)

    def matching(self, event: Mapping[str, Any]) -> list[Name]:
        """The names of the patterns that match, in the order they were given."""
        found = {n: (name, test) for n, name, test in self.unfiled}
        for path, looks in self.filed.items():
            values = _values_at(event, path)
            for look, by_key in looks.items() if values else ():
                for entries in _worth_a_try(look, by_key, values):
                    for n, name, test in entries:
                        found[n] = (name, test)
        return [found[n][0] for n in sorted(found) if _passes(found[n][1], event)]


def _worth_a_try(look: Look, by_key: dict[Any, Any], values: list[Any]) -> Iterator[Any]:
    holds = SCANS.get(look[0])
    if holds is None:
        for value in values:
            yield by_key.get(seen(look, value), ())
    elif len(values) > SCANNED_MAX:
        yield from by_key.values()
    else:
        for value in values:
            shown = seen(look, value)
            if shown is not NOTHING:
                yield from (entries for key, entries in by_key.items() if holds(shown, key))


def build_index(patterns: Iterable[tuple[Name, Node]]) -> Index[Name]:
    given = [(name, node, list(ways(node))) for name, node in patterns]
    common = Counter(key for _, _, possible in given for way in possible for key in way)

    def cost(way: set[Key]) -> tuple[int, int, int]:
        return sum(common[key] for key in way), max(rank(look) for _, look, _ in way), len(way)

    index: Index[Name] = Index()
    for n, (name, node, possible) in enumerate(given):
        entry = (n, name, compiled(node))
        if not possible:
            index.unfiled.append(entry)
            continue
        for path, look, value in min(possible, key=cost):
            index.filed.setdefault(path, {}).setdefault(look, {}).setdefault(value, []).append(
                entry
            )
    return index


def _passes(test: Test, event: Mapping[str, Any]) -> bool:
    """A pattern that would take too long to try does not match."""
    try:
        return test(event)
    except TooManySteps:
        return False


def _values_at(event: Any, path: Path) -> list[Any]:
    """All scalars under a path, lists on the way opened."""
    level = [event]
    for name in path:
        level = [item[name] for item in _opened(level) if isinstance(item, dict) and name in item]
    return [item for item in _opened(level) if not isinstance(item, dict)]


def _opened(items: list[Any]) -> list[Any]:
    if not any(isinstance(item, list) for item in items):
        return items
    found: list[Any] = []
    waiting = [items]
    while waiting:
        for item in waiting.pop():
            (waiting if isinstance(item, list) else found).append(item)
    return found
