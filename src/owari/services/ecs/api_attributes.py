"""Attributes of container instances. Source: API reference, Attribute, PutAttributes."""

from __future__ import annotations

import re
from typing import Any

from owari.errors import ServiceError
from owari.services.ecs.faults import invalid
from owari.services.ecs.instances import Instance, instance_named, instance_of, save_instance
from owari.services.ecs.lookup import active_cluster
from owari.services.ecs.paging import key_of, page_size, token_for
from owari.services.ecs.waking import placing_changed
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

AT_ONCE_MAX, OWN_MAX = 10, 10
NAME = re.compile(r"[A-Za-z0-9_./\\-]{1,128}")
VALUE = re.compile(r"(?! )[A-Za-z0-9_.@/\\: -]{1,128}(?<! )")
RESERVED = ("ecs.", "com.amazonaws.")

Json = dict[str, Any]


@operation("ecs", "PutAttributes")
def put_attributes(tx: Tx, p: Params) -> Result:
    return _changed(tx, p, put=True)


@operation("ecs", "DeleteAttributes")
def delete_attributes(tx: Tx, p: Params) -> Result:
    """Of one given with a value, only that value."""
    return _changed(tx, p, put=False)


def _changed(tx: Tx, p: Params, *, put: bool) -> Result:
    cluster = active_cluster(tx, p)["name"]
    if not 1 <= len(p["attributes"]) <= AT_ONCE_MAX:
        raise invalid(f"Attributes must have 1 to {AT_ONCE_MAX} elements.")
    made = []
    for given in p["attributes"]:
        instance = _target(tx, cluster, given)
        name, value = _checked(given)
        own = dict(instance.own)
        if put:
            own[name] = value
        elif value in ("", own.get(name)):
            own.pop(name, None)
        if len(own) > OWN_MAX:
            raise ServiceError(
                "AttributeLimitExceededException",
                f"You can apply up to {OWN_MAX} custom attributes per resource.",
                status=400,
            )
        if own != instance.own:
            save_instance(tx, instance, own=own)
        made.append(_shown(instance, name, value))
    placing_changed(tx, cluster)
    return {"attributes": made}


def _target(tx: Tx, cluster: str, given: Json) -> Instance:
    """Raises TargetNotFoundException, InvalidParameterException."""
    if not given.get("targetId"):
        raise invalid("The target of an attribute must be given.")
    found = instance_named(tx, cluster, given["targetId"])
    if found is None:
        raise ServiceError(
            "TargetNotFoundException",
            "The specified target was not found. You can view your available container instances"
            " with ListContainerInstances.",
            status=400,
        )
    return found


def _checked(given: Json) -> tuple[str, str]:
    name, value = given["name"], given.get("value") or ""
    if not NAME.fullmatch(name) or name.startswith(RESERVED):
        raise invalid(f"Invalid attribute name: {name[:128]}")
    if value and not VALUE.fullmatch(value):
        raise invalid(f"Invalid value of attribute {name}: {value[:128]}")
    return name, value


def _shown(instance: Instance, name: str, value: str) -> Json:
    made = {"name": name, "targetType": "container-instance", "targetId": instance.arn}
    return made | ({"value": value} if value else {})


@operation("ecs", "ListAttributes", reads=True)
def list_attributes(tx: Tx, p: Params) -> Result:
    instance = instance_of(tx, tx.account, tx.region, active_cluster(tx, p)["name"])
    if p.get("attributeValue") and not p.get("attributeName"):
        raise invalid("You must also specify an attribute name to filter by its value.")
    every = sorted(instance.attributes.items()) if instance is not None else []
    found = [
        (name, value)
        for name, value in every
        if p.get("attributeName") in (None, "", name)
        and p.get("attributeValue") in (None, "", value)
    ]
    most, start = page_size(p), key_of(p.get("nextToken"), 0)
    assert instance is not None or not found
    page = [_shown(instance, *pair) for pair in found[start : start + most] if instance]
    result: dict[str, Any] = {"attributes": page}
    if start + most < len(found):
        result["nextToken"] = token_for(start + most)
    return result
