"""Job state change events: the one place where they leave.

They leave only where someone listens: EventBridge is served, and one of its enabled rules could
match a Batch event. A million children in a quiet account cause none.

Source: Batch user guide, "AWS Batch job state change events".
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from owari.effects import Call
from owari.errors import ServiceError
from owari.services.batch.book import Book
from owari.services.batch.describing import job_detail
from owari.services.batch.looking import unit_of
from owari.services.batch.records import ITSELF, Job
from owari.store.tx import Tx
from owari.wire.operation import REGISTRY

LOOK_EVERY_S = 1.0  # how long what was found about rules is believed


def announce(book: Book, job: Job, index: int = ITSELF) -> None:
    """The status of the job, or of this child of the array, changed.

    What only passed in bulk (ten thousand children cancelled at once) is told by the array's own
    event.
    """
    tx = book.tx
    if ("events", "PutEvents") not in REGISTRY.operations or not _is_listened_to(tx, job):
        return
    unit = None if job.is_array and index == ITSELF else unit_of(book, job, index)
    detail = job_detail(job, unit, tx.resources.tags(job.arn))
    entry = {
        "Source": "aws.batch",
        "DetailType": "Batch Job State Change",
        "Resources": [detail["jobArn"]],
        "Time": tx.now,
        "Detail": json.dumps(detail, separators=(",", ":")),
    }
    tx.emit(
        Call("events", "PutEvents", {"Entries": [entry]}),
        account=job.account,
        region=job.region,
        principal="batch.amazonaws.com",
    )


def _is_listened_to(tx: Tx, job: Job) -> bool:
    key = f"batch/listened/{job.account}/{job.region}"
    known: tuple[float, bool] | None = tx.cache.get(key)
    if known is None or not 0 <= tx.now - known[0] < LOOK_EVERY_S:
        owner = replace(tx, account=job.account, region=job.region)
        known = tx.cache[key] = (tx.now, _some_rule_matches(owner))
    return known[1]


def _some_rule_matches(tx: Tx) -> bool:
    """A rule whose pattern asks for no source, or for ours."""
    if ("events", "ListRules") not in REGISTRY.operations:
        return True
    try:
        rules: list[dict[str, Any]] = tx.call("events", "ListRules", {}).get("Rules", [])
    except ServiceError:
        return False
    for rule in rules:
        if rule.get("State") != "DISABLED" and "EventPattern" in rule:
            sources = json.loads(rule["EventPattern"]).get("source")
            if not isinstance(sources, list) or any(_asks_for_us(s) for s in sources):
                return True
    return False


def _asks_for_us(source: Any) -> bool:
    """A matcher other than a plain name may match."""
    return source == "aws.batch" or isinstance(source, dict)
