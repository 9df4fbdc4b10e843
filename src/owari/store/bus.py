"""An AWS service's own events on the default event bus of the account they are about.

They leave only where someone listens: a million children of a quiet account cause none. Which
sources are asked for is kept in the transaction's cache; EventBridge drops it whenever a rule
changes, in the same transaction (`listeners_changed`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from owari.arn import make_arn
from owari.effects import Call
from owari.errors import ServiceError
from owari.store.tx import Tx

EVERYTHING = "*"  # a rule that does not ask for the source, or not by its name
BUS = "events"


def announce(
    tx: Tx,
    source: str,
    detail_type: str,
    detail: Callable[[], dict[str, Any]],
    *,
    resources: list[str],
    account: str,
    region: str,
    time: float | None = None,
) -> None:
    """`source` is e.g. `aws.batch`; `detail` is only asked for when a rule may match. `time` is
    service time, epoch seconds."""
    if not is_listened_to(tx, source, account, region):
        return
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Resources": resources,
        "Time": tx.now if time is None else time,
        "Detail": json.dumps(detail(), separators=(",", ":"), ensure_ascii=False),
    }
    tx.emit(
        Call(BUS, "PutEvents", {"Entries": [entry]}),
        account=account,
        region=region,
        principal=f"{source.removeprefix('aws.')}.amazonaws.com",
    )


def is_listened_to(tx: Tx, source: str, account: str, region: str) -> bool:
    """Whether a rule or an archive of the default bus may match an event of `source`."""
    key = _key(account, region)
    sources: set[str] | None = tx.cache.get(key)
    if sources is None:
        sources = tx.cache[key] = _sources(replace(tx, account=account, region=region))
    return source in sources or EVERYTHING in sources


def listeners_changed(tx: Tx) -> None:
    """EventBridge's: a rule or archive of the default bus was made, changed or removed."""
    tx.cache.pop(_key(tx.account, tx.region), None)


def _key(account: str, region: str) -> str:
    return f"bus/sources/{account}/{region}"


def _sources(tx: Tx) -> set[str]:
    found: set[str] = set()
    for rule in _listed(tx, "ListRules", "Rules", {}):
        if rule.get("State") != "DISABLED" and "EventPattern" in rule:
            found |= _asked_for(json.loads(rule["EventPattern"]))
    bus = make_arn("events", tx.region, tx.account, "event-bus/default")
    for _archive in _listed(tx, "ListArchives", "Archives", {"EventSourceArn": bus}):
        found.add(EVERYTHING)
    return found


def _listed(
    tx: Tx, operation: str, member: str, params: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """All pages; nothing where EventBridge is not there."""
    while True:
        try:
            page = tx.call(BUS, operation, params)
        except ServiceError:
            return
        yield from page[member]
        if "NextToken" not in page:
            return
        params = params | {"NextToken": page["NextToken"]}


def _asked_for(pattern: dict[str, Any]) -> set[str]:
    sources = pattern.get("source")
    if not isinstance(sources, list) or "$or" in pattern:
        return {EVERYTHING}
    return {s if isinstance(s, str) else EVERYTHING for s in sources}
