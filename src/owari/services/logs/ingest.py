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
    for record in report.result["records"]:
        key = (record["account"], record["region"], record["group"], record["stream"])
        streams.setdefault(key, []).extend(_events(record))
    groups: dict[tuple[str, str, str], int] = {}
    lots = []
    for (account, region, group, stream), events in streams.items():
        if not events:
            continue
        where = (account, region, group)
        if where not in groups:
            groups[where] = _group_number(tx, Place(account, region), group)
        if any(later[0] < earlier[0] for earlier, later in pairwise(events)):
            events.sort(key=lambda event: event[0])
        lots.append(Lot(Place(account, region), groups[where], stream, events))
    if lots:
        append(tx, lots, sync=False)


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
