"""Tags of functions, event source mappings and code signing configurations.

Versions and aliases have none of their own.
"""

from __future__ import annotations

from owari.arn import parse_arn
from owari.services.lambda_ import mapping_rows, signing_rows
from owari.services.lambda_.faults import constraint, invalid, not_found
from owari.services.lambda_.lookup import existing_function, named
from owari.services.lambda_.tagging import checked_tags
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("lambda", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    arn = _tagged(tx, p, "TagResource")
    if not p["Tags"]:
        raise invalid("An error occurred and the request cannot be processed.")
    tx.resources.tag(arn, checked_tags(tx.resources.tags(arn), p["Tags"]))
    return None


@operation("lambda", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    arn = _tagged(tx, p, "UntagResource")
    if not p["TagKeys"]:
        raise constraint("null", "tagKeys", "not be null")
    tx.resources.untag(arn, p["TagKeys"])
    return None


@operation("lambda", "ListTags", reads=True)
def list_tags(tx: Tx, p: Params) -> Result:
    return {"Tags": tx.resources.tags(_tagged(tx, p, "ListTags"))}


def _tagged(tx: Tx, p: Params, action: str) -> str:
    """The ARN of an existing function or mapping."""
    arn: str = p["Resource"]
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "lambda":
        raise constraint(
            arn, "resource", "satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:.*"
        )
    kind, _, name = parsed.resource.partition(":")
    if kind == "event-source-mapping" and mapping_rows.find(tx, name) is not None:
        return arn
    if kind == "code-signing-config" and signing_rows.find(tx, arn) is not None:
        return arn
    if kind != "function":
        raise not_found("The resource you requested does not exist.")
    ref = named(tx, {"FunctionName": arn}, action)
    if ref.qualifier is not None:
        raise invalid(
            "Tags on function aliases and versions are not supported. Please specify a function"
            " ARN."
        )
    existing_function(tx, ref)
    return arn
