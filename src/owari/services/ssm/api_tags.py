"""Tags of parameters. Systems Manager's other resources are none of Owari's."""

from __future__ import annotations

from owari.errors import ServiceError, not_implemented
from owari.services.ssm import rows
from owari.services.ssm.records import Parameter
from owari.services.ssm.tags import new_tags
from owari.store.tx import Tx
from owari.tags import as_pairs
from owari.wire.operation import Params, Result, operation


@operation("ssm", "AddTagsToResource")
def add_tags_to_resource(tx: Tx, p: Params) -> Result:
    arn = _tagged(tx, p, "AddTagsToResource").arn
    tx.resources.tag(arn, new_tags(p["Tags"], tx.resources.tags(arn)))
    return {}


@operation("ssm", "RemoveTagsFromResource")
def remove_tags_from_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_tagged(tx, p, "RemoveTagsFromResource").arn, p["TagKeys"])
    return {}


@operation("ssm", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    arn = _tagged(tx, p, "ListTagsForResource").arn
    return {"TagList": as_pairs(tx.resources.tags(arn))}


def _tagged(tx: Tx, p: Params, operation_name: str) -> Parameter:
    """Raises InvalidResourceId."""
    if p["ResourceType"] != "Parameter":
        raise not_implemented("ssm", f"{operation_name} of a {p['ResourceType']}")
    found = rows.find(tx, p["ResourceId"].strip())
    if found is None:
        raise ServiceError(
            "InvalidResourceId",
            "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
        )
    return found
