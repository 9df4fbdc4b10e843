"""EventBridge: one event against a thousand rules, by itself and through PutEvents."""

from __future__ import annotations

import json
import time
from typing import Any

from bench.report import Figure, at_most, ratio
from bench.setting import Setting, median, samples
from owari.patterns.index import build_index
from owari.patterns.tree import build

RULES = 1_000
EVENT = {
    "source": "app",
    "detail-type": "thing",
    "detail": {"bucket": {"name": "b7"}, "object": {"key": "in/7/x.csv", "size": 900}},
}


def _pattern(number: int) -> dict[str, Any]:
    """In turn they want a name, its beginning, a piece of it, or a number's range."""
    detail: dict[str, Any]
    match number % 4:
        case 0:
            detail = {"object": {"size": [{"numeric": [">", number * 10, "<=", number * 10 + 5]}]}}
        case 1:
            detail = {"object": {"key": [{"wildcard": f"*/{number}/*"}]}}
        case 2:
            detail = {"object": {"key": [{"prefix": f"in/{number}/"}]}}
        case _:
            detail = {"bucket": {"name": [f"b{number}"]}}
    return {"source": ["app"], "detail": detail}


def matching(_s: Setting) -> list[Figure]:
    index = build_index([(n, build(_pattern(n))) for n in range(RULES)])
    taken = []
    for _ in range(500):
        began = time.perf_counter()
        index.matching(EVENT)
        taken.append(time.perf_counter() - began)
    return [at_most(f"one event against {RULES:,} rules, p50", median(taken) * 1e3, 1, "ms")]


def put(s: Setting) -> list[Figure]:
    """One event, one of a thousand rules matches, its target is a queue."""
    client, floor = s.client("events"), s.client("events", floor=True)
    s.client("sqs").create_queue(QueueName="events")
    target = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:events"}
    entry = {"Source": "app", "DetailType": "thing", "Detail": json.dumps(EVENT["detail"])}

    def send(to: Any) -> list[float]:
        return samples(300, lambda: to.put_events(Entries=[entry]))

    bare, quiet = median(send(floor)), median(send(client))
    for number in range(RULES):
        client.put_rule(Name=f"r{number}", EventPattern=json.dumps(_pattern(number)))
    client.put_targets(Rule="r7", Targets=[target])
    busy = median(send(client))
    return [
        ratio("PutEvents, no rules, p50", quiet, bare, 2.5),
        ratio(f"PutEvents, one of {RULES:,} rules matches, p50", busy, bare, 2.5),
    ]
