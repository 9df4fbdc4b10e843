"""Tags of every resource of Batch, jobs included."""

from __future__ import annotations

from owari.arn import parse_arn
from owari.services.batch import rows
from owari.services.batch.book import Book
from owari.services.batch.faults import client
from owari.services.batch.lookup import definition_reference, needed_job
from owari.services.batch.names import CONSUMABLE, DEFINITION, ENVIRONMENT, JOB, POLICY, QUEUE
from owari.services.batch.tagging import checked_tags
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("batch", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    arn = _existing(tx, p["resourceArn"])
    tx.resources.tag(arn, checked_tags(tx.resources.tags(arn), p["tags"]))
    return {}


@operation("batch", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_existing(tx, p["resourceArn"]), p["tagKeys"])
    return {}


@operation("batch", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    return {"tags": tx.resources.tags(_existing(tx, p["resourceArn"]))}


def _existing(tx: Tx, arn: str) -> str:
    """Raises ClientException. A child job has the tags of its array."""
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "batch" or parsed.account != tx.account:
        raise client(f"{arn} is not a valid ARN.")
    kind, _, name = parsed.resource.partition("/")
    if kind == JOB:
        return needed_job(Book(tx), arn)[0].arn
    if not _exists(tx, kind, name):
        raise client(f"{arn} does not exist")
    return arn


def _exists(tx: Tx, kind: str, name: str) -> bool:
    if kind == DEFINITION:
        found, revision = definition_reference(name)
        return revision is not None and rows.definition(tx, found, revision) is not None
    find = _BY_NAME.get(kind)
    return find is not None and find(tx, name) is not None


_BY_NAME = {
    ENVIRONMENT: rows.environment,
    QUEUE: rows.queue,
    POLICY: rows.policy,
    CONSUMABLE: rows.consumable,
}
