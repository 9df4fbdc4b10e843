"""Groups and streams in the store: found, created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from owari.services.logs import core
from owari.services.logs.sweeping import ensure_sweep
from owari.store.resources import Resources
from owari.store.tx import Row, Tx


def now_ms(tx: Tx) -> int:
    return int(tx.now * 1000)


@dataclass(frozen=True, slots=True)
class Place:
    """An account's logs in a region."""

    account: str
    region: str


def here(tx: Tx) -> Place:
    """Where the caller is."""
    return Place(tx.account, tx.region)


def find_group(tx: Tx, place: Place, name: str) -> Row | None:
    return tx.one(
        "SELECT * FROM log_group WHERE account = ? AND region = ? AND name = ?",
        place.account,
        place.region,
        name,
    )


def get_group(tx: Tx, name: str) -> Row:
    """The caller's group of that name, or ResourceNotFoundException."""
    row = find_group(tx, here(tx), name)
    if row is None:
        raise core.group_missing()
    return row


def create_group(
    tx: Tx,
    place: Place,
    name: str,
    *,
    log_class: str = "STANDARD",
    protected: bool = False,
    tags: Mapping[str, str] | None = None,
) -> int:
    """Returns its number."""
    number = tx.next_seq()
    tx.run(
        "INSERT INTO log_group (account, region, name, id, created, class, retention_days,"
        " protected, stored_bytes) VALUES (?, ?, ?, ?, ?, ?, NULL, ?, 0)",
        place.account,
        place.region,
        name,
        number,
        now_ms(tx),
        log_class,
        int(protected),
    )
    arn = core.group_arn(place.account, place.region, name)
    resources = Resources(tx.connection, place.account, place.region, tx.now)
    resources.created(arn, "AWS::Logs::LogGroup", tags)
    ensure_sweep(tx)
    return number


def get_stream(tx: Tx, group: int, name: str) -> Row:
    """The caller's stream of that name, or ResourceNotFoundException."""
    row = tx.one(
        "SELECT * FROM log_stream WHERE account = ? AND region = ? AND group_id = ? AND name = ?",
        tx.account,
        tx.region,
        group,
        name,
    )
    if row is None:
        raise core.stream_missing()
    return row


_INSERT_STREAM = (
    "INSERT INTO log_stream (account, region, group_id, name, id, created, next_number)"
    " VALUES (?, ?, ?, ?, ?, ?, 0)"
)


def create_stream(tx: Tx, place: Place, group: int, name: str) -> int:
    """Returns its number; the name is known to be free."""
    number = tx.next_seq()
    tx.run(_INSERT_STREAM, place.account, place.region, group, name, number, now_ms(tx))
    return number


def open_streams(tx: Tx, streams: list[tuple[Place, int, str]]) -> None:
    """(place, group, name) each: made where they are not there."""
    now = now_ms(tx)
    tx.run_many(
        f"{_INSERT_STREAM} ON CONFLICT (account, region, group_id, name) DO NOTHING",
        [(p.account, p.region, group, name, tx.next_seq(), now) for p, group, name in streams],
    )
