"""Filter patterns for space-delimited events: `[ip, user, ..., status = 4*, bytes > 1000]`.

AWS: "Using filter patterns to match terms in space-delimited log events". In the event, text
in double quotes or square brackets is one field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from owari.services.logs.pattern_scan import Scanner
from owari.services.logs.pattern_value import Value, as_number, compare_numbers, invalid_pattern

FIELDS_MAX = 100
ELLIPSIS = "..."

_TOKEN = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_NAME = re.compile(r"[\w.\-]+")


@dataclass(frozen=True, slots=True)
class Test:
    operator: str
    value: Value

    def holds(self, text: str) -> bool:
        number = None if self.value.number is None else as_number(text)
        if number is not None and self.value.number is not None:
            return compare_numbers(number, self.operator, self.value.number)
        if self.operator not in ("=", "!="):
            return False
        return self.value.equals_text(text) is (self.operator == "=")


@dataclass(frozen=True, slots=True)
class Field:
    """`tests`: alternatives (`||`) of conjunctions (`&&`)."""

    name: str
    tests: tuple[tuple[Test, ...], ...] = ()

    def accepts(self, text: str) -> bool:
        return not self.tests or any(all(t.holds(text) for t in every) for every in self.tests)


@dataclass(frozen=True, slots=True)
class FieldsPattern:
    before: tuple[Field, ...]
    after: tuple[Field, ...]
    open: bool  # an ellipsis stands between `before` and `after`

    def match(self, message: str) -> dict[str, str] | None:
        """The named fields of an event that matches, else None."""
        wanted = len(self.before) + len(self.after)
        found = split_fields(message)
        if len(found) < wanted or (len(found) > wanted and not self.open):
            return None
        skipped = len(found) - wanted
        head, tail = found[: len(self.before)], found[len(self.before) + skipped :]
        pairs = [*zip(self.before, head, strict=True), *zip(self.after, tail, strict=True)]
        if not all(field.accepts(text) for field, text in pairs):
            return None
        values = {f"${field.name}": text for field, text in pairs}
        middle = found[len(self.before) : len(self.before) + skipped]
        return values | {f"${len(self.before) + n + 1}": text for n, text in enumerate(middle)}


def split_fields(message: str) -> list[str]:
    return [next(g for g in m.groups() if g is not None) for m in _TOKEN.finditer(message)]


def _field(scan: Scanner, ordinal: int) -> Field:
    scan.spaces()
    named = _NAME.match(scan.text, scan.at)
    if named is None:
        if scan.peek() in (",", "]"):
            return Field(str(ordinal))
        raise invalid_pattern("a field name is missing")
    scan.at = named.end()
    name = named.group()
    alternatives: list[tuple[Test, ...]] = []
    every: list[Test] = []
    operator = scan.operator()
    while operator:
        every.append(_test(scan, operator))
        if scan.accept("&&"):
            operator = _again(scan, name)
        elif scan.accept("||"):
            alternatives.append(tuple(every))
            every = []
            operator = _again(scan, name)
        else:
            operator = ""
    if every:
        alternatives.append(tuple(every))
    return Field(name, tuple(alternatives))


def _test(scan: Scanner, operator: str) -> Test:
    value = scan.value(",]&|")
    if operator not in ("=", "!=") and value.number is None:
        raise invalid_pattern(f"{operator} compares numbers")
    return Test(operator, value)


def _again(scan: Scanner, name: str) -> str:
    """After `&&` or `||` the same field is named again: `s = 404 || s = 410`."""
    scan.spaces()
    named = _NAME.match(scan.text, scan.at)
    if named is None or named.group() != name:
        raise invalid_pattern(f"{name} expected")
    scan.at = named.end()
    operator = scan.operator()
    if not operator:
        raise invalid_pattern("a comparison is missing")
    return operator


def parse_fields_pattern(text: str) -> FieldsPattern:
    """`text` begins with `[`."""
    scan = Scanner(text)
    scan.expect("[")
    before: list[Field] = []
    after: list[Field] = []
    is_open = False
    while True:
        if scan.accept(ELLIPSIS):
            if is_open:
                raise invalid_pattern("more than one ellipsis")
            is_open = True
        else:
            (after if is_open else before).append(_field(scan, len(before) + len(after) + 1))
        if not scan.accept(","):
            break
    scan.expect("]")
    if not scan.done() or len(before) + len(after) > FIELDS_MAX:
        raise invalid_pattern()
    return FieldsPattern(tuple(before), tuple(after), is_open)
