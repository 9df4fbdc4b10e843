from __future__ import annotations

import json
from typing import Any

import pytest

from owari.services.events.inputs import PathError, parse_path, text_for

EVENT = {
    "id": "i",
    "source": "app",
    "time": "2030-01-01T00:00:00Z",
    "detail": {"name": 'a "b"', "n": 3, "tags": ["x", "y"], "box": {"k": "v"}, "yes": True},
}
RULE = "arn:aws:events:us-east-1:000000000000:rule/r"
PATHS = {
    "name": "$.detail.name",
    "n": "$.detail.n",
    "tags": "$.detail.tags",
    "box": "$.detail.box",
    "second": "$.detail.tags[1]",
    "gone": "$.detail.gone",
    "yes": "$['detail']['yes']",
}


def sent(**target: Any) -> str:
    return text_for(target, EVENT, "WHOLE", RULE, "2030-01-01T00:00:01Z")


def templated(template: str) -> str:
    return sent(InputTransformer={"InputPathsMap": PATHS, "InputTemplate": template})


def test_whole_part_or_fixed() -> None:
    assert sent() == "WHOLE"
    assert sent(Input='{"a":1}') == '{"a":1}'
    assert json.loads(sent(InputPath="$.detail.tags")) == ["x", "y"]
    assert sent(InputPath="$.detail.tags[*]") == '["x","y"]'
    assert sent(InputPath="$.detail.gone") == "null"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"a": <name>, "b": <n>}', '{"a": "a \\"b\\"", "b": 3}'),
        ('"<n> of <second>: <name>"', '"3 of y: a \\"b\\""'),
        ('{"a": "<box> <tags>"}', '{"a": "{k:v} [x,y]"}'),
        ('{"a": <box>, "b": <tags>, "c": <yes>}', '{"a": {"k":"v"}, "b": ["x","y"], "c": true}'),
        ('{"a": <gone>, "b": "x<gone>y"}', '{"a": "", "b": "xy"}'),
        ('{"r": "<aws.events.rule-name>"}', '{"r": "r"}'),
        ('{"r": <aws.events.rule-arn>}', f'{{"r": "{RULE}"}}'),
        ("<aws.events.event.ingestion-time>", '"2030-01-01T00:00:01Z"'),
        ('{"a": "1 < 2 > 0"}', '{"a": "1 < 2 > 0"}'),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert templated(template) == text


def test_the_event_with_and_without_its_detail() -> None:
    assert json.loads(templated("<aws.events.event.json>")) == EVENT
    without = {k: v for k, v in EVENT.items() if k != "detail"}
    assert json.loads(templated("<aws.events.event>")) == without


@pytest.mark.parametrize("path", ["", "detail", "$.", "$..a", "$[", "$[a]", "$.a b", "$.a[1:2]"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(PathError):
        parse_path(path)
