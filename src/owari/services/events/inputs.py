"""What a target is sent of an event: all of it, a part, a fixed text, or a template. Pure.

Source: EventBridge user guide, "Amazon EventBridge input transformation".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")
EVENT, EVENT_JSON = "aws.events.event", "aws.events.event.json"
RULE_ARN, RULE_NAME = "aws.events.rule-arn", "aws.events.rule-name"
INGESTED = "aws.events.event.ingestion-time"
RESERVED = frozenset((EVENT, EVENT_JSON, RULE_ARN, RULE_NAME, INGESTED))
_STEP = re.compile(
    r"\.([A-Za-z0-9_\-]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(-?\d{1,9})\]|(\[\*\]|\.\*)"
)
_MISSING = object()


class PathError(ValueError):
    """Not a JSON path that EventBridge takes: names, indices and `*`, from `$` on."""


def text_for(
    target: Mapping[str, Any], event: dict[str, Any], text: str, rule_arn: str, ingested: str
) -> str:
    """`text` is the event as JSON; `ingested` when it came, ISO 8601."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if (path := target.get("InputPath")) is not None:
        found = value_at(path, event)
        return "null" if found is _MISSING else compact(found)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return text
    return _filled(transformer, event, rule_arn, ingested)


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# ---- paths
def parse_path(path: str) -> list[str | int | None]:
    """Steps: a name, an index, or None for every element. Raises PathError."""
    if not path.startswith("$"):
        raise PathError(path)
    steps: list[str | int | None] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise PathError(path)
        name = next((g for g in match.groups()[:3] if g is not None), None)
        if name is not None:
            steps.append(name)
        else:
            steps.append(int(match[4]) if match[4] is not None else None)
        at = match.end()
    return steps


def value_at(path: str, event: Any) -> Any:
    """What lies there, a list when the path has a `*`; `_MISSING` when there is nothing."""
    steps = parse_path(path)
    level = [event]
    for step in steps:
        level = [found for value in level for found in _down(value, step)]
    if None in steps:
        return level
    return level[0] if level else _MISSING


def _down(value: Any, step: str | int | None) -> list[Any]:
    match step, value:
        case None, list():
            return value
        case None, dict():
            return list(value.values())
        case str(), dict():
            return [value[step]] if step in value else []
        case int(), list():
            return [value[step]] if -len(value) <= step < len(value) else []
        case _:
            return []


# ---- templates
def _filled(
    transformer: Mapping[str, Any], event: dict[str, Any], rule_arn: str, ingested: str
) -> str:
    template: str = transformer["InputTemplate"]
    values = {
        name: value_at(path, event) for name, path in transformer.get("InputPathsMap", {}).items()
    }
    values |= {
        EVENT: {k: v for k, v in event.items() if k != "detail"},
        EVENT_JSON: event,
        RULE_ARN: rule_arn,
        RULE_NAME: rule_arn.rpartition("/")[2],
        INGESTED: ingested,
    }
    quoted = _quoted_places(template)

    def put(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        return _within_quotes(value) if match.start() in quoted else _alone(value)

    return PLACEHOLDER.sub(put, template)


def _quoted_places(template: str) -> set[int]:
    """The positions that lie within a JSON string."""
    places: set[int] = set()
    inside = escaped = False
    for at, letter in enumerate(template):
        if inside:
            places.add(at)
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = inside
        elif letter == '"':
            inside = not inside
    return places


def _within_quotes(value: Any) -> str:
    """A string as it is, escaped for JSON; anything else as JSON without its quotes."""
    if value is _MISSING:
        return ""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)[1:-1]
    return compact(value).replace('"', "")


def _alone(value: Any) -> str:
    """JSON: a string brings its own quotes."""
    return '""' if value is _MISSING else compact(value)
