"""Tags of topics."""

from __future__ import annotations

from owari.errors import ServiceError
from owari.services.sns.core import topic_key
from owari.services.sns.faults import invalid
from owari.services.sns.rows import find_topic
from owari.store.tx import Tx
from owari.tags import as_map, as_pairs, has_reserved
from owari.wire.operation import Params, Result, operation

TAGS_MAX = 50


def tags_from(items: list[dict[str, str]]) -> dict[str, str]:
    tags = as_map(items)
    if len(tags) != len(items):
        raise invalid("Duplicated keys are not allowed.")
    if has_reserved(tags):
        raise invalid("Tags Reason: Tag keys must not start with aws:")
    return tags


def check_count(tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise ServiceError(
            "TagLimitExceeded",
            "Could not complete request: tag quota of per resource exceeded",
            status=400,
        )


def _existing(tx: Tx, arn: str) -> str:
    if find_topic(tx, topic_key(arn, "ResourceArn")) is None:
        raise ServiceError("ResourceNotFound", "Resource does not exist", status=404)
    return arn


@operation("sns", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    arn = _existing(tx, p["ResourceArn"])
    tags = tags_from(p["Tags"])
    check_count(tx.resources.tags(arn) | tags)
    tx.resources.tag(arn, tags)
    return {}


@operation("sns", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_existing(tx, p["ResourceArn"]), p["TagKeys"])
    return {}


@operation("sns", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    tags = tx.resources.tags(_existing(tx, p["ResourceArn"]))
    return {"Tags": as_pairs(tags)}
