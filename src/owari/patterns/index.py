"""Which of very many patterns an event matches, without trying each. Pure.

Every pattern is filed under the most telling of its keys: what one field must equal, begin with
or end with, or else that it is there at all. An event is then tried only on the patterns filed
under what it holds, and on those that have no such key. The index only leaves out; the trial
itself decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from owari.patterns.compiled import Test, compiled
from owari.patterns.kinds import (
    Equals,
    IgnoringCase,
    Numeric,
    Pattern,
    Prefix,
    Suffix,
    Wildcard,
    typed,
)
from owari.patterns.matching import TooManySteps
from owari.patterns.tree import Leaf, Node

Name = TypeVar("Name")
Path = tuple[str, ...]
Look = tuple[str, int]  # what is looked at: (kind, how many characters of it)
Key = tuple[Path, Look, Any]


@dataclass(slots=True)
class Index(Generic[Name]):
    """`entries` are filed by key; `unfiled` are tried on every event."""

    entries: dict[Key, list[tuple[int, Name, Test]]] = field(default_factory=dict)
    looks: dict[Path, set[Look]] = field(default_factory=dict)
    unfiled: list[tuple[int, Name, Test]] = field(default_factory=list)

    def matching(self, event: Mapping[str, Any]) -> list[Name]:
        """The names of the patterns that match, in the order they were given."""
        found = {n: (name, test) for n, name, test in self.unfiled}
        for path, looks in self.looks.items():
            for value in _values_at(event, path):
                for look in looks:
                    for n, name, test in self.entries.get((path, look, _seen(look, value)), ()):
                        found[n] = (name, test)
        return [found[n][0] for n in sorted(found) if _passes(found[n][1], event)]


def build_index(patterns: Iterable[tuple[Name, Node]]) -> Index[Name]:
    given = [(name, node, list(_ways(node, ()))) for name, node in patterns]
    common = Counter(key for _, _, ways in given for way in ways for key in way)
    index: Index[Name] = Index()
    for n, (name, node, ways) in enumerate(given):
        test = compiled(node)
        if not ways:
            index.unfiled.append((n, name, test))
            continue
        for key in min(ways, key=lambda way: (sum(common[k] for k in way), len(way))):
            index.entries.setdefault(key, []).append((n, name, test))
            index.looks.setdefault(key[0], set()).add(key[1])
    return index


def _passes(test: Test, event: Mapping[str, Any]) -> bool:
    """A pattern that would take too long to try does not match."""
    try:
        return test(event)
    except TooManySteps:
        return False


def _ways(node: Node, path: Path) -> Iterator[set[Key]]:
    """The sets of keys of which a matching event has one."""
    for name, child in node.fields:
        here = (*path, name)
        if isinstance(child, Node):
            yield from _ways(child, here)
            continue
        for end in ("starts", "ends"):
            if (keys := _keys(child, end)) is not None:
                yield {(here, look, value) for look, value in keys}
        if not child.if_absent:
            yield {(here, ("is there", 0), True)}


def _keys(leaf: Leaf, end: str) -> list[tuple[Look, Any]] | None:
    """None when the leaf may match what no key tells. `end`: which of its two ends a wildcard is
    filed under."""
    if leaf.if_present or leaf.if_absent:
        return None
    keys: list[tuple[Look, Any]] = [(("is", 0), value) for value in leaf.exact.values]
    for pattern in leaf.others:
        key = _key(pattern, end)
        if key is None:
            return None
        keys.append(key)
    return keys


def _key(pattern: Pattern, end: str) -> tuple[Look, Any] | None:
    match pattern:
        case Wildcard(parts):
            text = parts[0] if end == "starts" else parts[-1]
            return ((end, len(text)), text) if text else None
        case Numeric(low, _, high, _) if low == high:
            return ("is", 0), typed(low)
        case Prefix(text):
            return ("starts", len(text)), text
        case Suffix(text):
            return ("ends", len(text)), text
        case IgnoringCase(Equals(text)):
            return ("is in any case", 0), text
        case _:
            return None


def _seen(look: Look, value: Any) -> Any:
    """What is looked at of a value."""
    kind, length = look
    if kind == "is there":
        return True
    if kind == "is":
        return typed(value)
    if not isinstance(value, str) or len(value) < length:
        return None
    match kind:
        case "starts":
            return value[:length]
        case "ends":
            return value[len(value) - length :]
        case _:
            return value.lower()


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
