"""Tags of repositories."""

from __future__ import annotations

from owari.arn import parse_arn
from owari.services.ecr import tables
from owari.services.ecr.core import invalid
from owari.store.tx import Tx
from owari.tags import as_map, as_pairs
from owari.wire.operation import Params, Result, operation


@operation("ecr", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.tag(_existing(tx, p["resourceArn"]), as_map(p["tags"]))
    return {}


@operation("ecr", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_existing(tx, p["resourceArn"]), p["tagKeys"])
    return {}


@operation("ecr", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    tags = tx.resources.tags(_existing(tx, p["resourceArn"]))
    return {"tags": as_pairs(tags)}


def _existing(tx: Tx, arn: str) -> str:
    """Raises InvalidParameterException, RepositoryNotFoundException."""
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "ecr":
        raise invalid("Invalid parameter at 'resourceArn'")
    tables.needed(tx, {"repositoryName": parsed.resource.removeprefix("repository/")})
    return arn
