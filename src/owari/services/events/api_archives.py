"""Archives: events of a bus kept to be replayed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.effects import ReplyTo, Report, Wake
from owari.services.events import archive_rows, rows
from owari.services.events.archive_rows import Archive
from owari.services.events.core import PRINCIPAL, bus_key
from owari.services.events.event_patterns import compiled
from owari.services.events.faults import exists
from owari.services.events.paging import page
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation, reaction

DAY_S = 86_400.0
STEP = 500  # events forgotten in one transaction


@operation("events", "CreateArchive")
def create_archive(tx: Tx, p: Params) -> Result:
    bus = bus_key(p["EventSourceArn"], tx.account, tx.region)
    rows.bus_of(tx, bus)
    if archive_rows.find(tx, p["ArchiveName"]) is not None:
        raise exists(f"Archive {p['ArchiveName']} already exists.")
    archive = Archive(
        name=p["ArchiveName"],
        held=tx.new_id(),
        bus=bus,
        description=p.get("Description"),
        pattern=_checked(p.get("EventPattern")),
        retention_days=p.get("RetentionDays", 0),
        created=tx.now,
    )
    archive_rows.save(tx, archive)
    _look_again(tx, archive, tx.now + DAY_S)
    tx.resources.created(archive.arn, "AWS::Events::Archive")
    return _answer(archive)


@operation("events", "UpdateArchive")
def update_archive(tx: Tx, p: Params) -> Result:
    old = archive_rows.archive_of(tx, p["ArchiveName"])
    archive = replace(
        old,
        description=p.get("Description", old.description),
        pattern=_checked(p["EventPattern"]) if "EventPattern" in p else old.pattern,
        retention_days=p.get("RetentionDays", old.retention_days),
    )
    archive_rows.save(tx, archive)
    return _answer(archive)


def _checked(pattern: str | None) -> str | None:
    if pattern:
        compiled(pattern)
    return pattern or None


@operation("events", "DeleteArchive")
def delete_archive(tx: Tx, p: Params) -> Result:
    archive = archive_rows.archive_of(tx, p["ArchiveName"])
    archive_rows.delete(tx, archive)
    tx.resources.deleted(archive.arn)
    _empty(tx, archive.held)
    return {}


@reaction("events", "emptied")
def on_emptied(tx: Tx, report: Report) -> None:
    _empty(tx, report.key)


def _empty(tx: Tx, held: str) -> None:
    """Some at a time: the writer is never held up."""
    if archive_rows.discard(tx, held, STEP) == STEP:
        tx.emit(Wake(), reply_to=ReplyTo("events", "emptied", held), principal=PRINCIPAL)


@operation("events", "DescribeArchive", reads=True)
def describe_archive(tx: Tx, p: Params) -> Result:
    archive = archive_rows.archive_of(tx, p["ArchiveName"])
    more = {"Description": archive.description, "EventPattern": archive.pattern}
    shown = _shown(archive) | {"ArchiveArn": archive.arn}
    return shown | {name: value for name, value in more.items() if value is not None}


@operation("events", "ListArchives", reads=True)
def list_archives(tx: Tx, p: Params) -> Result:
    found = [
        (archive.name, _shown(archive))
        for archive in archive_rows.all_of(tx)
        if archive.name.startswith(p.get("NamePrefix", ""))
        and p.get("EventSourceArn", archive.bus.arn) == archive.bus.arn
        and p.get("State", "ENABLED") == "ENABLED"
    ]
    return page(p, "Archives", found)


def _answer(archive: Archive) -> dict[str, Any]:
    return {"ArchiveArn": archive.arn, "State": "ENABLED", "CreationTime": archive.created}


def _shown(archive: Archive) -> dict[str, Any]:
    return {
        "ArchiveName": archive.name,
        "EventSourceArn": archive.bus.arn,
        "State": "ENABLED",
        "RetentionDays": archive.retention_days,
        "SizeBytes": archive.size_bytes,
        "EventCount": archive.event_count,
        "CreationTime": archive.created,
    }


# ---- what is older than its retention is forgotten, once a day
def _look_again(tx: Tx, archive: Archive, due: float) -> None:
    tx.emit(
        Wake({"created": archive.created}),
        due=due,
        reply_to=ReplyTo("events", "retention", archive.name),
        account=archive.bus.account,
        region=archive.bus.region,
        principal=PRINCIPAL,
    )


@reaction("events", "retention")
def on_retention_due(tx: Tx, report: Report) -> None:
    archive = archive_rows.find(tx, report.key)
    if archive is None or archive.created != (report.result or {})["created"]:
        return
    gone = 0
    if archive.retention_days:
        gone = archive_rows.expire(tx, archive, tx.now - archive.retention_days * DAY_S, STEP)
    _look_again(tx, archive, tx.now if gone == STEP else tx.now + DAY_S)
