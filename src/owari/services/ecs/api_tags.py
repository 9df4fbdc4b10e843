"""Tags of every resource of ECS."""

from __future__ import annotations

from owari.arn import parse_arn
from owari.services.ecs import records, rows
from owari.services.ecs.faults import invalid
from owari.services.ecs.instances import instance_named
from owari.services.ecs.names import definition_reference
from owari.services.ecs.providers import find_provider
from owari.services.ecs.service_rows import find_service
from owari.services.ecs.tagging import checked_tags, listed
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("ecs", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    arn = _existing(tx, p["resourceArn"])
    tx.resources.tag(arn, checked_tags(p["tags"], tx.resources.tags(arn)))
    return {}


@operation("ecs", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(_existing(tx, p["resourceArn"]), p["tagKeys"])
    return {}


@operation("ecs", "ListTagsForResource", reads=True)
def list_tags_for_resource(tx: Tx, p: Params) -> Result:
    return {"tags": listed(tx.resources.tags(_existing(tx, p["resourceArn"])))}


def _existing(tx: Tx, arn: str) -> str:
    """Raises InvalidParameterException."""
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "ecs":
        raise invalid("Invalid identifier: " + arn)
    kind, _, path = parsed.resource.partition("/")
    if not _exists(tx, arn, kind, path):
        raise invalid("The specified resource cannot be found: " + arn)
    return arn


def _exists(tx: Tx, arn: str, kind: str, path: str) -> bool:
    cluster, _, name = path.rpartition("/")
    match kind:
        case "cluster":
            return rows.cluster(tx, path) is not None
        case "task-definition":
            return rows.definition(tx, *definition_reference(arn)) is not None
        case "task":
            return records.task(tx, tx.account, tx.region, name) is not None
        case "container-instance":
            return instance_named(tx, cluster, arn) is not None
        case "task-set":
            return _has_set(tx, path)
        case "capacity-provider":
            return find_provider(tx, path) is not None
        case "service":
            return find_service(tx, tx.account, tx.region, cluster, name) is not None
        case _:
            return False


def _has_set(tx: Tx, path: str) -> bool:
    """`CLUSTER/SERVICE/ecs-svc/NUMBER`"""
    cluster, _, rest = path.partition("/")
    name, _, id = rest.partition("/")
    service = find_service(tx, tx.account, tx.region, cluster, name)
    return service is not None and any(made["id"] == id for made in service.task_sets)
