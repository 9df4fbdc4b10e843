"""Regular expression literals: ECMAScript's notation on Python's engine, and the matcher."""

from __future__ import annotations

import re
from typing import Any

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.values import NOTHING, Function, Regex

_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")


def matcher(pattern: str, flags: str) -> Regex:
    """Raises JsonataError S0303 when it is no regular expression."""
    options = (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE if "m" in flags else 0)
    try:
        compiled = re.compile(_NAMED_GROUP.sub("(?P<", pattern), options)
    except re.error as error:
        raise JsonataError("S0303", f"Invalid regular expression: {error}") from error
    return Regex(compiled, lambda arguments, _focus: first_match(compiled, arguments[0], 0))


def first_match(pattern: re.Pattern[str], text: Any, start: int) -> Any:
    """JSONata's match object, whose `next` finds the one after it."""
    if not isinstance(text, str):
        return NOTHING
    found = pattern.search(text, start)
    if found is None:
        return NOTHING
    if not found.group():
        raise JsonataError("D1004", "Regular expression matches zero length string")
    return {
        "match": found.group(),
        "start": found.start(),
        "end": found.end(),
        "groups": [group or "" for group in found.groups()],
        "next": Function("next", 0, lambda _a, _f: first_match(pattern, text, found.end())),
    }
