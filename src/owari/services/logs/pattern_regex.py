"""The regular expressions of filter patterns: `%…%`, matched in one pass over the text.

AWS allows no groups (Filter pattern syntax, "Supported regular expressions"), so an expression
is an alternation of plain sequences. They are run as a set of positions that advance together;
the sets met are remembered (a lazily built automaton), so that no expression, however unkind,
takes more than one step per character.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field

from owari.errors import ServiceError

STEPS_MAX = 1_000  # after {m,n} is written out
REMEMBERED_MAX = 4_096

_LITERALS = frozenset(string.ascii_letters + string.digits + " _#=@/;,-:&<>'\"!~`")
_ESCAPES = {
    "d": frozenset(string.digits),
    "s": frozenset(" \t\n\r\f\v"),
    "w": frozenset(string.ascii_letters + string.digits + "_"),
}


def invalid(detail: str) -> ServiceError:
    return ServiceError("InvalidParameterException", f"Invalid regular expression: {detail}")


@dataclass(frozen=True, slots=True)
class Chars:
    """A set of characters, or everything but it."""

    members: frozenset[str]
    negated: bool = False

    def has(self, char: str) -> bool:
        return (char in self.members) is not self.negated


ANY = Chars(frozenset("\n\r"), negated=True)


@dataclass(frozen=True, slots=True)
class Step:
    """One character of a sequence. `loops`: it may repeat; `optional`: it may be missing."""

    chars: Chars
    optional: bool = False
    loops: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    steps: tuple[Step, ...]
    from_start: bool
    to_end: bool


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self) -> str:
        char = self.peek()
        if not char:
            raise invalid("it ends too early")
        self.at += 1
        return char


def _escape(reader: _Reader) -> Chars:
    char = reader.take()
    if char.lower() in _ESCAPES:
        return Chars(_ESCAPES[char.lower()], negated=char.isupper())
    if char == "x":
        digits = reader.take() + reader.take()
        if not all(d in string.hexdigits for d in digits):
            raise invalid(f"\\x{digits}")
        return Chars(frozenset(chr(int(digits, 16))))
    if char.isalnum():
        raise invalid(f"\\{char} is not supported")
    return Chars(frozenset(char))


def _class(reader: _Reader) -> Chars:
    """What stands in `[…]`, the opening bracket already read."""
    negated = reader.peek() == "^"
    if negated:
        reader.take()
    members: set[str] = set()
    while (char := reader.take()) != "]" or not members:
        if char == "\\":
            escaped = _escape(reader)
            if escaped.negated:
                raise invalid("a negated class within a class")
            members |= escaped.members
        elif reader.peek() == "-" and reader.text[reader.at + 1 : reader.at + 2] not in ("]", ""):
            reader.take()
            members |= _range(char, reader.take())
        else:
            members.add(char)
    return Chars(frozenset(members), negated)


def _range(low: str, high: str) -> set[str]:
    if not (low.isascii() and high.isascii() and low <= high):
        raise invalid(f"the range {low}-{high}")
    return {chr(code) for code in range(ord(low), ord(high) + 1)}


def _atom(reader: _Reader) -> Chars:
    char = reader.take()
    match char:
        case "[":
            return _class(reader)
        case "\\":
            return _escape(reader)
        case ".":
            return ANY
        case _ if char in _LITERALS:
            return Chars(frozenset(char))
    raise invalid(f"{char!r} is not supported here")


def _counts(reader: _Reader) -> tuple[int, int | None]:
    """How often the atom before may stand: (least, most)."""
    match reader.peek():
        case "*":
            counts: tuple[int, int | None] = (0, None)
        case "+":
            counts = (1, None)
        case "?":
            counts = (0, 1)
        case "{":
            end = reader.text.find("}", reader.at)
            counts = _braces(reader.text[reader.at + 1 : end]) if end > 0 else (1, 0)
            reader.at = end
        case _:
            return 1, 1
    reader.at += 1
    if counts[1] is not None and counts[1] < counts[0]:
        raise invalid("a repetition that is not one")
    return counts


def _braces(inside: str) -> tuple[int, int | None]:
    low, comma, high = inside.partition(",")
    if not (low.isascii() and low.isdigit() and len(low) < 5):
        raise invalid("{" + inside + "}")
    if not comma:
        return int(low), int(low)
    if high == "":
        return int(low), None
    if not (high.isascii() and high.isdigit() and len(high) < 5):
        raise invalid("{" + inside + "}")
    return int(low), int(high)


def _written_out(chars: Chars, least: int, most: int | None) -> list[Step]:
    if max(least, most or 0) > STEPS_MAX:
        raise invalid("it repeats too often")
    if most is None:
        again = Step(chars, optional=least == 0, loops=True)
        return [Step(chars)] * (least - 1) + [again]
    return [Step(chars)] * least + [Step(chars, optional=True)] * (most - least)


def _sequence(reader: _Reader) -> Sequence:
    from_start = reader.peek() == "^"
    if from_start:
        reader.take()
    steps: list[Step] = []
    to_end = False
    while reader.peek() not in ("", "|"):
        if reader.peek() == "$":
            reader.take()
            to_end = True
            break
        chars = _atom(reader)
        steps += _written_out(chars, *_counts(reader))
    return Sequence(tuple(steps), from_start, to_end)


def parse(text: str) -> tuple[Sequence, ...]:
    """The alternatives of an expression, or InvalidParameterException."""
    reader = _Reader(text)
    found = [_sequence(reader)]
    while reader.peek() == "|":
        reader.take()
        found.append(_sequence(reader))
    if reader.peek():
        raise invalid(f"{reader.peek()!r} after $")
    if sum(len(s.steps) for s in found) > STEPS_MAX:
        raise invalid("it is too long")
    return tuple(found)


Position = tuple[int, int]  # (which sequence, next step)
State = frozenset[Position]


@dataclass(slots=True)
class Regex:
    """A compiled expression."""

    sequences: tuple[Sequence, ...]
    _next: dict[tuple[State, str], State] = field(default_factory=dict)

    def _closed(self, which: int, step: int, into: set[Position]) -> None:
        """Add a position and those reachable from it without a character."""
        steps = self.sequences[which].steps
        into.add((which, step))
        while step < len(steps) and steps[step].optional:
            step += 1
            into.add((which, step))

    def _start(self, *, at_zero: bool) -> State:
        state: set[Position] = set()
        for which, sequence in enumerate(self.sequences):
            if at_zero or not sequence.from_start:
                self._closed(which, 0, state)
        return frozenset(state)

    def _advance(self, state: State, char: str, restart: State) -> State:
        after: set[Position] = set(restart)
        for which, at in state:
            steps = self.sequences[which].steps
            if at < len(steps) and steps[at].chars.has(char):
                self._closed(which, at + 1, after)
                if steps[at].loops:
                    after.add((which, at))
        return frozenset(after)

    def _accepts(self, state: State, *, at_end: bool) -> bool:
        return any(
            at == len(self.sequences[which].steps) and (at_end or not self.sequences[which].to_end)
            for which, at in state
        )

    def search(self, text: str) -> bool:
        """Whether it matches anywhere in `text`."""
        state = self._start(at_zero=True)
        restart = self._start(at_zero=False)
        accepting: dict[State, bool] = {}
        for char in text:
            if self._remembered_accept(state, accepting):
                return True
            known = self._next.get((state, char))
            if known is None:
                known = self._advance(state, char, restart)
                if len(self._next) >= REMEMBERED_MAX:
                    self._next.clear()
                self._next[state, char] = known
            state = known
            if not state:
                return False
        return self._accepts(state, at_end=True)

    def _remembered_accept(self, state: State, seen: dict[State, bool]) -> bool:
        answer = seen.get(state)
        if answer is None:
            answer = seen[state] = self._accepts(state, at_end=False)
        return answer


def compile_regex(text: str) -> Regex:
    """`text` stands between the percent signs."""
    return Regex(parse(text))
