"""Filter patterns for JSON events: `{ $.a.b[0] = "x*" && ( $.n >= 3 || $.c NOT EXISTS ) }`.

AWS: "Using filter patterns to match terms in JSON log events".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from owari.services.logs.pattern_scan import Scanner
from owari.services.logs.pattern_value import Value, compare_numbers, invalid_pattern

DEPTH_MAX = 32
CONDITIONS_MAX = 256
VISITED_MAX = 10_000  # nodes one wildcard selector may look at in one event

_STOP = "()&|{}"


@dataclass(frozen=True, slots=True)
class Selector:
    """`$.a.b[0]`; a step is a name, an index, or None for the wildcard `*`."""

    text: str
    steps: tuple[str | int | None, ...]

    def select(self, event: Any) -> list[Any]:
        """The values it points at: none or one, more only with a wildcard."""
        found = [event]
        for step in self.steps:
            found = [child for node in found for child in _children(node, step)][:VISITED_MAX]
        return found


def _children(node: Any, step: str | int | None) -> list[Any]:
    match node, step:
        case dict(), None:
            return list(node.values())
        case list(), None:
            return node
        case dict(), str() if step in node:
            return [node[step]]
        case list(), int() if step < len(node):
            return [node[step]]
    return []


@dataclass(frozen=True, slots=True)
class Compare:
    selector: Selector
    operator: str
    value: Value

    def test(self, event: Any) -> bool:
        return any(self._holds(found) for found in self.selector.select(event))

    def _holds(self, found: Any) -> bool:
        value = self.value
        if isinstance(found, bool) or found is None:
            return False
        if isinstance(found, int | float) and value.number is not None:
            return compare_numbers(found, self.operator, value.number)
        if not isinstance(found, str | int | float) or self.operator not in ("=", "!="):
            return False
        text = found if isinstance(found, str) else json.dumps(found)
        return value.equals_text(text) is (self.operator == "=")


@dataclass(frozen=True, slots=True)
class Is:
    """`IS TRUE`, `IS FALSE`, `IS NULL`."""

    selector: Selector
    value: bool | None

    def test(self, event: Any) -> bool:
        return any(found is self.value for found in self.selector.select(event))


@dataclass(frozen=True, slots=True)
class Exists:
    selector: Selector
    wanted: bool

    def test(self, event: Any) -> bool:
        return bool(self.selector.select(event)) is self.wanted


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]

    def test(self, event: Any) -> bool:
        return all(part.test(event) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]

    def test(self, event: Any) -> bool:
        return any(part.test(event) for part in self.parts)


Condition = Compare | Is | Exists | All | AnyOf


@dataclass(slots=True)
class _Parser:
    scan: Scanner
    selectors: list[Selector]

    def any_of(self, depth: int) -> Condition:
        if depth > DEPTH_MAX:
            raise invalid_pattern("too many parentheses")
        parts = [self.all_of(depth)]
        while self.scan.accept("||"):
            parts.append(self.all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all_of(self, depth: int) -> Condition:
        parts = [self.one(depth)]
        while self.scan.accept("&&"):
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self, depth: int) -> Condition:
        if self.scan.accept("("):
            inner = self.any_of(depth + 1)
            self.scan.expect(")")
            return inner
        return self.condition()

    def condition(self) -> Condition:
        selector = self.selector()
        scan = self.scan
        if scan.word("IS"):
            for word, wanted in (("TRUE", True), ("FALSE", False), ("NULL", None)):
                if scan.word(word):
                    return Is(selector, wanted)
            raise invalid_pattern("IS takes TRUE, FALSE or NULL")
        if scan.word("NOT"):
            if not scan.word("EXISTS"):
                raise invalid_pattern("NOT takes EXISTS")
            return Exists(selector, wanted=False)
        if scan.word("EXISTS"):
            return Exists(selector, wanted=True)
        operator = scan.operator()
        if not operator:
            raise invalid_pattern("a comparison is missing")
        value = scan.value(_STOP)
        if operator not in ("=", "!=") and value.number is None:
            raise invalid_pattern(f"{operator} compares numbers")
        return Compare(selector, operator, value)

    def selector(self) -> Selector:
        scan = self.scan
        scan.expect("$")
        start = scan.at - 1
        steps: list[str | int | None] = []
        while (char := scan.peek()) in (".", "["):
            scan.at += 1
            if char == "[" or scan.peek() == "[":
                scan.at += char == "."
                steps.append(self.bracket())
            else:
                name = self.name()
                steps.append(None if name == "*" else name)
        selector = Selector(scan.text[start : scan.at], tuple(steps))
        if not steps or len(self.selectors) >= CONDITIONS_MAX:
            raise invalid_pattern("a selector starts with $.")
        self.selectors.append(selector)
        return selector

    def name(self) -> str:
        return self.scan.bare(".[]=!<>&|(){}\"'")

    def bracket(self) -> str | int | None:
        """What stands in `[0]`, `[*]` or `['name']`, the opening bracket already read."""
        scan = self.scan
        quote = scan.peek()
        if quote in ("'", '"'):
            scan.at += 1
            step: str | int | None = scan.quoted(quote)
        else:
            text = scan.bare("]")
            if text != "*" and not (text.isascii() and text.isdigit() and len(text) < 8):
                raise invalid_pattern(f"the index [{text}]")
            step = None if text == "*" else int(text)
        scan.expect("]")
        return step


@dataclass(frozen=True, slots=True)
class JsonPattern:
    condition: Condition
    selectors: tuple[Selector, ...]

    def match(self, message: str) -> dict[str, str] | None:
        """The selected values of an event that matches, else None."""
        if "{" not in message and "[" not in message:
            return None
        try:
            event = json.loads(message)
        except (ValueError, RecursionError):
            return None
        if not isinstance(event, dict | list) or not self.condition.test(event):
            return None
        values = ((s.text, s.select(event)) for s in self.selectors)
        return {text: _as_text(found[0]) for text, found in values if found}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def parse_json_pattern(text: str) -> JsonPattern:
    """`text` begins with `{`."""
    scan = Scanner(text)
    scan.expect("{")
    parser = _Parser(scan, [])
    condition = parser.any_of(0)
    scan.expect("}")
    if not scan.done():
        raise invalid_pattern("text after the closing brace")
    return JsonPattern(condition, tuple(parser.selectors))
