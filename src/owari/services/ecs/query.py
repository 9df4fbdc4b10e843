"""The cluster query language: expressions that choose container instances.

Source: developer guide, "Create expressions to define container instances for Amazon ECS tasks".

    or    = and { ("||" | "or") and }
    and   = not { ("&&" | "and") not }
    not   = ("!" | "not") not | "(" or ")" | subject operator [argument]

An expression becomes a function of what it looks at: `value("attribute:stack")` gives a text, or
the texts of a thing that has several (`task:group`); None where there is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime

from owari.services.ecs.faults import invalid

LENGTH_MAX, DEPTH_MAX = 2_000, 20
REPEATS_MAX = 3  # with no groups, so that a pattern's time is bounded
TOKEN = re.compile(
    r"\s*(&&|\|\||==|!=|>=|<=|=~|!~|>|<|!(?:in|exists)\b|[()\[\],!]|'[^']*'|\"[^\"]*\""
    r"|[^\s()\[\],!<>=&|'\"]+)"
)
PATTERN = re.compile(r"\s*('[^']*'|\"[^\"]*\"|[^\s()]+)")
WORDS = {
    "equals": "==", "not_equals": "!=", "greater_than": ">", "greater_than_equal": ">=",
    "less_than": "<", "less_than_equal": "<=", "matches": "=~", "not_matches": "!~",
    "not_in": "!in", "not_exists": "!exists",
}  # fmt: skip
SUBJECTS = (
    "agentConnected", "agentVersion", "ec2InstanceId", "registeredAt", "runningTasksCount",
    "task:group",
)  # fmt: skip

Found = str | Collection[str] | None
Test = Callable[[Callable[[str], Found]], bool]


def compiled(expression: str) -> Test:
    """Raises InvalidParameterException."""
    if len(expression) > LENGTH_MAX:
        raise _wrong(f"it has more than {LENGTH_MAX} characters")
    reader = _Reader(expression)
    test = _either(reader, 0)
    if reader.peek():
        raise _wrong(f"'{reader.peek()}' is not expected")
    return test


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def peek(self) -> str:
        """The next word; '' at the end."""
        match = TOKEN.match(self.text, self.at)
        if match is None and self.text[self.at :].strip():
            raise _wrong(f"'{self.text[self.at :].strip()[:20]}' is not understood")
        return match[1] if match else ""

    def take(self, rule: re.Pattern[str] = TOKEN) -> str:
        match = rule.match(self.text, self.at)
        if match is None:
            raise _wrong("it ends too early")
        self.at = match.end()
        return match[1]

    def took(self, *words: str) -> bool:
        if self.peek() not in words:
            return False
        self.take()
        return True


def _wrong(why: str) -> Exception:
    return invalid(f"Invalid expression: {why}.")


def _either(reader: _Reader, depth: int) -> Test:
    tests = [_both(reader, depth)]
    while reader.took("||", "or"):
        tests.append(_both(reader, depth))
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _both(reader: _Reader, depth: int) -> Test:
    tests = [_plain(reader, depth)]
    while reader.took("&&", "and"):
        tests.append(_plain(reader, depth))
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _plain(reader: _Reader, depth: int) -> Test:
    if depth > DEPTH_MAX:
        raise _wrong(f"it is nested more than {DEPTH_MAX} deep")
    if reader.took("!", "not"):
        test = _plain(reader, depth + 1)
        return lambda value: not test(value)
    if reader.took("("):
        inner = _either(reader, depth + 1)
        if not reader.took(")"):
            raise _wrong("a closing parenthesis is missing")
        return inner
    return _comparison(reader)


def _comparison(reader: _Reader) -> Test:
    subject = reader.take()
    if subject not in SUBJECTS and not subject.startswith("attribute:"):
        raise _wrong(f"'{subject}' is not a subject")
    operator = reader.take()
    operator = WORDS.get(operator, operator)
    match operator:
        case "exists":
            return lambda value: value(subject) is not None
        case "!exists":
            return lambda value: value(subject) is None
        case "in" | "!in":
            return _judged(subject, operator, _listed(reader).__contains__)
        case "=~" | "!~":
            return _judged(subject, operator, _pattern(_bare(reader.take(PATTERN))))
        case "==" | "!=":
            return _judged(subject, operator, _bare(reader.take()).__eq__)
        case ">" | ">=" | "<" | "<=":
            return _judged(subject, operator, _ordered(operator, _bare(reader.take())))
        case _:
            raise _wrong(f"'{operator}' is not an operator")


def _judged(subject: str, operator: str, holds: Callable[[str], bool]) -> Test:
    """What begins with `!` is met by a thing of which none holds, also by one that is not there."""

    def test(value: Callable[[str], Found]) -> bool:
        found = value(subject)
        texts = [found] if isinstance(found, str) else found or ()
        return any(map(holds, texts)) != operator.startswith("!")

    return test


def _bare(word: str) -> str:
    if word in ("(", ")", "[", "]", ","):
        raise _wrong(f"'{word}' is not a value")
    return word[1:-1] if word[0] in "'\"" else word


def _listed(reader: _Reader) -> set[str]:
    return set(_items(reader))


def _items(reader: _Reader) -> Iterator[str]:
    if not reader.took("["):
        raise _wrong("a list of values in brackets is expected")
    while True:
        yield _bare(reader.take())
        if reader.took("]"):
            return
        if not reader.took(","):
            raise _wrong("the values of a list are separated by commas")


def _pattern(text: str) -> Callable[[str], bool]:
    if "(" in text or sum(map(text.count, "*+?{")) > REPEATS_MAX:
        raise _wrong(f"Owari takes patterns without groups and with at most {REPEATS_MAX}"
                     " repetitions")  # fmt: skip
    try:
        rule = re.compile(text)
    except re.error as error:
        raise _wrong(f"the pattern is not one: {error}") from None
    return lambda found: rule.fullmatch(found) is not None


def _ordered(operator: str, wanted: str) -> Callable[[str], bool]:
    limit = _rank(wanted)
    if limit is None:
        raise _wrong(f"'{wanted}' cannot be compared")

    def holds(found: str) -> bool:
        rank = _rank(found)
        return (
            rank is not None
            and {">": rank > limit, ">=": rank >= limit, "<": rank < limit, "<=": rank <= limit}[
                operator
            ]
        )

    return holds


def _rank(text: str) -> tuple[float, ...] | None:
    """Numbers, versions (`1.14.5`) and moments as what they can be compared by; None: another."""
    if re.fullmatch(r"\d{1,15}(\.\d{1,15})*", text):
        return tuple(float(part) for part in text.split("."))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC).timestamp(),)
