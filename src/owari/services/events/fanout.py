"""From an event to the targets of the rules it matches, in the transaction it arrived in.

An event that very many rules match is served in slices, each its own transaction, so that it
cannot hold up the writer; the slices carry the event with them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from owari.effects import ReplyTo, Report, Wake
from owari.patterns.index import Index, build_index
from owari.patterns.tree import Node
from owari.services.events import archive_rows, rows
from owari.services.events.core import PRINCIPAL, BusKey, RuleKey, bus_key
from owari.services.events.delivery import deliver
from owari.services.events.event_patterns import compiled
from owari.services.events.inputs import compact
from owari.store.tx import Tx
from owari.wire.operation import reaction

SLICE = 50  # rules per transaction
REPLAY = "replay-name"
EVERYTHING = Node((), ())
Listener = tuple[str, str]  # ("rule" or "archive", its name)


def publish(
    tx: Tx,
    bus: BusKey,
    event: dict[str, Any],
    *,
    forwarded: bool = False,
    only: Collection[str] | None = None,
) -> None:
    """`forwarded`: it came from another bus. `only`: the rules that a replay is for, all if None.
    What is replayed is not archived again."""
    found = _listeners(tx, bus).matching(event)
    names = [name for kind, name in found if kind == "rule" and (only is None or name in only)]
    if REPLAY not in event:
        for kind, name in found:
            if kind == "archive":
                archive_rows.store(tx, bus, name, event)
    send_to_rules(tx, bus, event, names, forwarded=forwarded)


def send_to_rules(
    tx: Tx, bus: BusKey, event: dict[str, Any], names: list[str], *, forwarded: bool = False
) -> None:
    text = compact(event)
    for name in names[:SLICE]:
        key = RuleKey(bus, name)
        for target in rows.targets(tx, key):
            deliver(tx, key, target, event, text, forwarded=forwarded)
    if len(names) > SLICE:
        rest = {"event": text, "rules": names[SLICE:], "forwarded": forwarded}
        tx.emit(
            Wake(rest),
            reply_to=ReplyTo("events", "fanout", bus.arn),
            account=bus.account,
            region=bus.region,
            principal=PRINCIPAL,
        )


@reaction("events", "fanout")
def on_slice_due(tx: Tx, report: Report) -> None:
    rest = report.result or {}
    bus = bus_key(report.key, tx.account, tx.region)
    event = json.loads(rest["event"])
    send_to_rules(tx, bus, event, rest["rules"], forwarded=rest["forwarded"])


def _listeners(tx: Tx, bus: BusKey) -> Index[Listener]:
    """Compiled once for every change of the bus's rules and archives."""
    version = rows.version(tx, bus)
    key = "events/listeners/" + bus.arn
    known: tuple[int, Index[Listener]] | None = tx.cache.get(key)
    if known is None or known[0] != version:
        known = tx.cache[key] = (version, build_index(_patterns(tx, bus)))
    return known[1]


def _patterns(tx: Tx, bus: BusKey) -> list[tuple[Listener, Node]]:
    found: list[tuple[Listener, Node]] = [
        (("rule", rule.key.name), compiled(rule.pattern))
        for rule in rows.rules(tx, bus)
        if rule.pattern and rule.enabled
    ]
    for archive in archive_rows.of_bus(tx, bus):
        node = compiled(archive.pattern) if archive.pattern else EVERYTHING
        found.append((("archive", archive.name), node))
    return found
