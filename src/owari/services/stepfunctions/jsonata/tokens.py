"""JSONata's tokens. Whether `/` starts a regular expression depends on what stands before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions.jsonata.errors import JsonataError

OPERATORS = (
    "..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??",
    ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";", ":", "?", "+", "-", "*", "/", "%",
    "|", "=", "<", ">", "^", "&", "!",
)  # fmt: skip
_SPACE = re.compile(r"\s+|/\*.*?\*/", re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_NAME = re.compile(r"[^\s.\[\]{}(),@#;:?+\-*/%|=<>^&!~\"'`]+")
_ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: operator, name, variable, string, number, value, regex or end."""

    kind: str
    value: Any
    position: int


def tokenize(source: str) -> list[Token]:
    """The whole source; raises JsonataError S01…/S02…/S03…."""
    found: list[Token] = []
    position = 0
    while True:
        while space := _SPACE.match(source, position):
            position = space.end()
        if position >= len(source):
            found.append(Token("end", "(end)", position))
            return found
        if source.startswith("/*", position):
            raise JsonataError("S0106", "Comment has no closing tag", position)
        token, position = _next(source, position, found)
        found.append(token)


def _operand_before(found: list[Token]) -> bool:
    if not found:
        return False
    last = found[-1]
    return last.kind != "operator" or last.value in (")", "]", "}")


def _next(source: str, at: int, found: list[Token]) -> tuple[Token, int]:
    character = source[at]
    if character == "/" and not _operand_before(found):
        return _regex(source, at)
    if character in "\"'":
        return _string(source, at)
    if character == "`":
        end = source.find("`", at + 1)
        if end < 0:
            raise JsonataError(
                "S0105", "Quoted property name must be terminated with a backquote (`)", at
            )
        return Token("name", source[at + 1 : end], at), end + 1
    if character.isdecimal() and (number := _NUMBER.match(source, at)):
        return Token("number", _number(number, at), at), number.end()
    for operator in OPERATORS:
        if source.startswith(operator, at):
            return Token("operator", operator, at), at + len(operator)
    name = _NAME.match(source, at)
    if name is None:
        raise JsonataError("S0204", f"Unknown operator: {character!r}", at)
    word = name.group()
    if word.startswith("$"):
        return Token("variable", word[1:], at), name.end()
    if word in ("and", "or", "in") and _operand_before(found):
        return Token("operator", word, at), name.end()
    if word in _WORDS:
        return Token("value", _WORDS[word], at), name.end()
    return Token("name", word, at), name.end()


def _number(found: re.Match[str], at: int) -> int | float:
    if found.group(2) or found.group(3):
        return float(found.group())
    try:
        return int(found.group())
    except ValueError:  # thousands of digits
        raise JsonataError("S0102", f"Number out of range: {found.group()}", at) from None


def _string(source: str, at: int) -> tuple[Token, int]:
    quote = source[at]
    parts: list[str] = []
    i = at + 1
    while i < len(source):
        character = source[i]
        if character == quote:
            return Token("string", "".join(parts), at), i + 1
        if character != "\\":
            parts.append(character)
            i += 1
            continue
        escape = source[i + 1 : i + 2]
        if escape in _ESCAPES and escape:
            parts.append(_ESCAPES[escape])
            i += 2
        elif escape == quote:
            parts.append(quote)
            i += 2
        elif escape == "u":
            digits = source[i + 2 : i + 6]
            if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                raise JsonataError(
                    "S0104", "The escape sequence \\u must be followed by 4 hex digits", i
                )
            parts.append(chr(int(digits, 16)))
            i += 6
        else:
            raise JsonataError("S0103", f"Unsupported escape sequence: \\{escape}", i)
    raise JsonataError(
        "S0101", "String literal must be terminated by a matching quote", len(source)
    )


def _regex(source: str, at: int) -> tuple[Token, int]:
    depth = 0
    i = at + 1
    while i < len(source):
        character = source[i]
        if character == "\\":
            i += 2
            continue
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "/" and depth == 0:
            break
        i += 1
    if i >= len(source):
        raise JsonataError("S0302", "No terminating / in regular expression", at)
    pattern = source[at + 1 : i]
    if not pattern:
        raise JsonataError("S0301", "Empty regular expressions are not allowed", at)
    end = i + 1
    while end < len(source) and source[end] in "im":
        end += 1
    return Token("regex", (pattern, source[i + 1 : end]), at), end
