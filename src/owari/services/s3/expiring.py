"""Lifecycle configuration, and its rules carried out once a day, at midnight UTC.

One chain of wake-ups per bucket that has rules: each looks at a bounded number of versions and
hands the place it got to to the next. A token tells a living chain from one of a bucket that
was deleted, or of rules that were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from owari.effects import ReplyTo, Report, Wake
from owari.errors import ServiceError
from owari.services.s3 import announce, deleting, lifecycle, multipart, rows, settings, uploads
from owari.services.s3.core import Bucket, Version
from owari.services.s3.lifecycle import Candidate, Expire, Remove, Transition
from owari.services.s3.paging import BEGINNING, FIRST, Position
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation, reaction

BATCH = 200  # versions looked at in one transaction
_FAMILY = "LifecycleExpiration"


# ---- configuration
@operation("s3", "PutBucketLifecycleConfiguration")
def put_lifecycle(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    document = lifecycle.normalised(p.get("LifecycleConfiguration") or {}, tx.new_id)
    minimum = p.get("TransitionDefaultMinimumObjectSize") or lifecycle.DEFAULT_MINIMUM
    document["TransitionDefaultMinimumObjectSize"] = minimum
    settings.record(tx, bucket.name, "lifecycle", document)
    if settings.lookup(tx, bucket.name, "lifecycle-chain") is None:
        token = tx.new_id()
        settings.record(tx, bucket.name, "lifecycle-chain", token)
        _wake(tx, bucket.name, token, due=_next_midnight(tx.now))
    return {"TransitionDefaultMinimumObjectSize": minimum}


@operation("s3", "GetBucketLifecycleConfiguration", reads=True)
def get_lifecycle(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    document: dict[str, Any] | None = settings.lookup(tx, bucket.name, "lifecycle")
    if document is None:
        raise ServiceError(
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
            status=404,
            fields={"BucketName": bucket.name},
        )
    return document


@operation("s3", "DeleteBucketLifecycle")
def delete_lifecycle(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    settings.forget(tx, bucket.name, "lifecycle")
    settings.forget(tx, bucket.name, "lifecycle-chain")
    return {}


# ---- the daily round
@dataclass(frozen=True, slots=True)
class Place:
    """Where a round has got to: the next version, and what precedes it in its key's history."""

    at: Position = BEGINNING
    previous: str = ""
    rank: int = 0
    newer: float = 0.0

    @classmethod
    def of(cls, data: dict[str, Any]) -> Place:
        at = Position(data.get("key", ""), data.get("order", FIRST))
        return cls(at, data.get("previous", ""), data.get("rank", 0), data.get("newer", 0.0))

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.at.key,
            "order": self.at.order,
            "previous": self.previous,
            "rank": self.rank,
            "newer": self.newer,
        }

    def past(self, at: Position, version: Version) -> Place:
        rank = self.rank if version.key == self.previous else 0
        return Place(Position(at.key, at.order + 1), version.key, rank + 1, version.modified)


def _next_midnight(now: float) -> float:
    return lifecycle.midnight_after(now + 1)


def _wake(
    tx: Tx, bucket: str, token: str, *, due: float, place: dict[str, Any] | None = None
) -> None:
    tx.emit(
        Wake(place or {}),
        due=due,
        reply_to=ReplyTo("s3", "lifecycle", f"{bucket}/{token}"),
        principal=announce.PRINCIPAL,
    )


@reaction("s3", "lifecycle")
def on_midnight(tx: Tx, report: Report) -> None:
    name, _, token = report.key.partition("/")
    bucket = rows.find_bucket(tx, name)
    if bucket is None or settings.lookup(tx, name, "lifecycle-chain") != token:
        return
    rules: list[dict[str, Any]] = (settings.lookup(tx, name, "lifecycle") or {})["Rules"]
    data = report.result or {}
    if not data:
        _abort_uploads(tx, bucket, rules)
    place = _round(tx, bucket, rules, Place.of(data))
    if place is None:
        _wake(tx, name, token, due=_next_midnight(tx.now))
    else:
        _wake(tx, name, token, due=tx.now, place=place.as_json())


def _abort_uploads(tx: Tx, bucket: Bucket, rules: list[dict[str, Any]]) -> None:
    for _at, upload in list(uploads.walk_from(tx, bucket.name, BEGINNING)):
        if lifecycle.aborts(rules, upload.key, upload.initiated, tx.now):
            multipart.abort(tx, upload)


def _round(tx: Tx, bucket: Bucket, rules: list[dict[str, Any]], place: Place) -> Place | None:
    """Look at the next versions, then act; where to go on, None at the end."""
    decided: list[tuple[Version, lifecycle.Decision]] = []
    walk = rows.versions_from(tx, bucket.name, place.at)
    seen = 0
    for at, version in walk:
        if seen == BATCH:
            break
        seen += 1
        decided.append((version, lifecycle.decide(rules, _candidate(tx, version, place), tx.now)))
        place = place.past(at, version)
    for version, decision in decided:
        _act(tx, bucket, version, decision)
    return place if seen == BATCH else None


def _candidate(tx: Tx, version: Version, place: Place) -> Candidate:
    older_sibling = version.key == place.previous
    return Candidate(
        key=version.key,
        size=version.content.size,
        tags=version.draft.tags,
        marker=version.marker,
        modified=version.modified,
        storage_class=version.storage_class,
        rank=place.rank if older_sibling else 0,
        newer=place.newer if older_sibling else 0.0,
        alone=version.marker and rows.is_alone(tx, version),
    )


def _act(tx: Tx, bucket: Bucket, version: Version, decision: lifecycle.Decision) -> None:
    match decision:
        case Expire():
            deleting.delete(tx, bucket, version.key, None, family=_FAMILY)
        case Remove():
            deleting.delete(tx, bucket, version.key, version.id, family=_FAMILY)
        case Transition(storage_class):
            whole = rows.by_id(tx, bucket.name, version.key, version.id)
            assert whole is not None
            headers = {**whole.draft.headers, "StorageClass": storage_class}
            rows.redescribe(tx, whole, replace(whole.draft, headers=headers))
            announce.stored(tx, bucket, "LifecycleTransition", whole)
