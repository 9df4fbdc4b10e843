"""Writing events: chunks into a segment, their index and the streams' metadata into the store."""

from __future__ import annotations

from dataclasses import dataclass

from owari.services.logs.chunks import Pair, pack
from owari.services.logs.rows import Place, create_stream, now_ms
from owari.services.logs.sweeping import ensure_trim
from owari.store.tx import Tx


@dataclass(slots=True)
class Lot:
    """Events of one stream, in chronological order; `group` is the group's number."""

    place: Place
    group: int
    stream: str
    events: list[Pair]


def append(tx: Tx, lots: list[Lot], *, sync: bool) -> None:
    """Store all of them with one write. Streams that do not exist are created."""
    bodies: list[bytes] = []
    index: list[list[int | str]] = []
    sizes: dict[int, int] = {}
    at = 0
    for lot in lots:
        stream, number = _advance(tx, lot)
        for events, body in pack(lot.events):
            index.append([
                lot.place.account, lot.place.region, lot.group, events[0][0], stream, number,
                events[-1][0], len(events), at, len(body),
            ])  # fmt: skip
            bodies.append(body)
            number += len(events)
            at += len(body)
            sizes[lot.group] = sizes.get(lot.group, 0) + len(body)
    segment, start = tx.segments.append(b"".join(bodies), sync=sync)
    tx.connection.executemany(
        "INSERT INTO log_chunk (account, region, group_id, first_ts, stream_id, first_number,"
        " last_ts, count, start, length, segment, ingested)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ? + {start:d}, ?, {segment:d}, {now_ms(tx):d})",
        index,
    )
    tx.connection.executemany(
        "UPDATE log_group SET stored_bytes = stored_bytes + ? WHERE id = ?",
        [(size, group) for group, size in sizes.items()],
    )
    if start == 0:  # a segment has begun: how many are there now?
        ensure_trim(tx)


def _advance(tx: Tx, lot: Lot) -> tuple[int, int]:
    """Note the new events in their stream; returns its number and that of the first event."""
    first, last, count = lot.events[0][0], lot.events[-1][0], len(lot.events)
    row = tx.one(
        "UPDATE log_stream SET next_number = next_number + ?, last_ingestion = ?,"
        " first_event = CASE WHEN first_event < ? THEN first_event ELSE ? END,"
        " last_event = CASE WHEN last_event > ? THEN last_event ELSE ? END"
        " WHERE account = ? AND region = ? AND group_id = ? AND name = ?"
        " RETURNING id, next_number",
        count, now_ms(tx), first, first, last, last,
        lot.place.account, lot.place.region, lot.group, lot.stream,
    )  # fmt: skip
    if row is None:
        create_stream(tx, lot.place, lot.group, lot.stream)
        return _advance(tx, lot)
    return row["id"], row["next_number"] - count
