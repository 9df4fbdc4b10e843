"""What functions and jobs print, delivered by compute (`log record` in compute/base.py)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from owari.effects import Report
from owari.services.logs import rows
from owari.services.logs.append import Lot, append
from owari.services.logs.chunks import Pair, split_long
from owari.services.logs.rows import Place
from owari.store.tx import Tx
from owari.wire.operation import reaction

Stream = tuple[str, str, str, str]  # account, region, group, stream


@reaction("logs", "ingest")
def on_log_records(tx: Tx, report: Report) -> None:
    """Many records at once. Groups and streams come into being as they are named."""
    assert report.result is not None
    streams: dict[Stream, list[Pair]] = {}
    for record in _not_seen(tx, report.result["records"]):
        key = (record["account"], record["region"], record["group"], record["stream"])
        streams.setdefault(key, []).extend(_events(record))
    groups: dict[tuple[str, str, str], int] = {}
    lots = []
    silent = []
    for (account, region, group, stream), events in streams.items():
        where = (account, region, group)
        if where not in groups:
            groups[where] = _group_number(tx, Place(account, region), group)
        if not events:
            silent.append((Place(account, region), groups[where], stream))
            continue
        if any(later[0] < earlier[0] for earlier, later in pairwise(events)):
            events.sort(key=lambda event: event[0])
        lots.append(Lot(Place(account, region), groups[where], stream, events))
    rows.open_streams(tx, silent)
    if lots:
        append(tx, lots, sync=False)


def _not_seen(tx: Tx, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the frames that came before: their acknowledgement was lost, not they."""
    last: dict[str, int] = {}
    fresh, found = True, []
    for record in records:
        if "frame" in record:
            instance, number = record["frame"]
            if instance not in last:
                row = tx.one("SELECT frame FROM log_source WHERE instance = ?", instance)
                last[instance] = row["frame"] if row else 0
            fresh = number > last[instance]
            last[instance] = max(number, last[instance])
        if fresh:
            found.append(record)
    for instance, number in last.items():
        _remember(tx, instance, number)
    return found


def _remember(tx: Tx, instance: str, number: int) -> None:
    tx.run(
        "INSERT INTO log_source (instance, frame, changed) VALUES (?, ?, ?)"
        " ON CONFLICT (instance) DO UPDATE SET frame = excluded.frame, changed = excluded.changed",
        instance,
        number,
        tx.now,
    )


def _events(record: dict[str, Any]) -> list[Pair]:
    return [
        (int(timestamp), piece)
        for timestamp, message in record["events"]
        if message
        for piece in split_long(message)
    ]


def _group_number(tx: Tx, place: Place, name: str) -> int:
    row = rows.find_group(tx, place, name)
    return row["id"] if row else rows.create_group(tx, place, name)
