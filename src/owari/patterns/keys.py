"""What a pattern can be filed under, and what an event shows of it. Pure.

A *look* is what is looked at of a value. Most looks are a word in a register: what is seen is the
key or is not. The `SCANS` are lists gone through: each of their keys is held against what is seen,
which is still much less than to try each pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from owari.patterns.kinds import (
    Cidr,
    Equals,
    IgnoringCase,
    Numeric,
    Pattern,
    Prefix,
    Suffix,
    Wildcard,
    address,
    typed,
)
from owari.patterns.tree import Leaf, Node

Path = tuple[str, ...]
Look = tuple[str, int]  # (kind, how many characters of it, or which kind of address)
Key = tuple[Path, Look, Any]
NOTHING = object()


def _within(seen: Any, bounds: Any) -> bool:
    return bool(bounds[0] <= seen <= bounds[1])


SCANS: dict[str, Callable[[Any, Any], bool]] = {
    "within": _within,
    "is in network": _within,
    "has": lambda text, piece: piece in text,
    "passes": lambda value, pattern: pattern.matches(value),
}


def rank(look: Look) -> int:
    """The lower, the less it costs to find what is filed there and the fewer those are."""
    return 2 if look[0] == "is there" else int(look[0] in SCANS)


def ways(node: Node, path: Path = ()) -> Iterator[set[Key]]:
    """The sets of keys of which a matching event has one."""
    for name, child in node.fields:
        here = (*path, name)
        if isinstance(child, Node):
            yield from ways(child, here)
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
    exact = [(("is", 0), value) for value in leaf.exact.values]
    return exact + [_key(pattern, end) for pattern in leaf.others]


def _key(pattern: Pattern, end: str) -> tuple[Look, Any]:
    match pattern:
        case Wildcard(parts):
            return _wildcard_key(parts, end)
        case Numeric(low, _, high, _) if low == high:
            return ("is", 0), typed(low)
        case Numeric(low, _, high, _):
            return ("within", 0), (low, high)
        case Prefix(text):
            return ("starts", len(text)), text
        case Suffix(text):
            return ("ends", len(text)), text
        case IgnoringCase(Equals(text)):
            return ("is in any case", 0), text
        case Cidr(network):
            bounds = (int(network.network_address), int(network.broadcast_address))
            return ("is in network", network.version), bounds
        case _:
            return ("passes", 0), pattern


def _wildcard_key(parts: tuple[str, ...], end: str) -> tuple[Look, Any]:
    if text := parts[0] if end == "starts" else parts[-1]:
        return (end, len(text)), text
    longest = max(parts, key=len)
    return ("has", 0), longest


def seen(look: Look, value: Any) -> Any:
    """What is looked at of a value; NOTHING of some kinds."""
    kind, length = look
    match kind:
        case "is there":
            return True
        case "is":
            return typed(value)
        case "passes":
            return value
        case "within":
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return value if number else NOTHING
    if not isinstance(value, str) or (kind in ("starts", "ends") and len(value) < length):
        return NOTHING
    match kind:
        case "has":
            return value
        case "starts":
            return value[:length]
        case "ends":
            return value[len(value) - length :]
        case "is in network":
            found = address(value)
            return int(found) if found is not None and found.version == length else NOTHING
        case _:
            return value.lower()
