"""FilterCriteria: which messages a mapping gives to its function. Pure.

Sources: Lambda developer guide, "Control which events Lambda sends to your function" and "Using
event filtering with an Amazon SQS event source". A message passes if any of the filters lets it
through. A body that is JSON meets patterns of JSON only, a plain string those of plain strings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from owari.patterns.expressions import PatternError
from owari.patterns.matching import TooManySteps, matches
from owari.patterns.tree import Leaf, Node, build, parse_json
from owari.services.lambda_.faults import constraint, invalid

FILTERS_MAX = 10  # AWS's highest quota; 5 without asking
PATTERN_MAX = 4_096  # characters


def check_filters(filters: list[dict[str, Any]]) -> None:
    if len(filters) > FILTERS_MAX:
        rule = f"have length less than or equal to {FILTERS_MAX}"
        raise constraint(f"[{len(filters)} filters]", "filterCriteria.filters", rule)
    for one in filters:
        pattern = one.get("Pattern") or ""
        if len(pattern) > PATTERN_MAX:
            rule = f"have length less than or equal to {PATTERN_MAX}"
            raise constraint(pattern, "filterCriteria.filters.pattern", rule)
        try:
            _compiled(pattern)
        except PatternError:
            raise invalid("Invalid filter pattern definition.") from None


@lru_cache(maxsize=256)
def _compiled(text: str) -> Node:
    """Raises PatternError."""
    pattern = parse_json(text, "Filter")
    if not pattern:
        raise PatternError("Empty pattern")
    return build(pattern)


def passes(filters: list[dict[str, Any]], record: dict[str, Any]) -> bool:
    """`record` as the function would get it."""
    if not filters:
        return True
    body = _body(record["body"])
    event = record | {"body": body}
    return any(_passes(_compiled(one["Pattern"]), event, body) for one in filters)


def _body(text: str) -> Any:
    """JSON if it is an object or a list, else the string."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _passes(pattern: Node, event: dict[str, Any], body: Any) -> bool:
    asked = dict(pattern.fields).get("body")
    if asked is not None and isinstance(asked, Leaf) != isinstance(body, str):
        return False
    try:
        return matches(pattern, event)
    except TooManySteps:
        return True  # what cannot be judged is not thrown away
