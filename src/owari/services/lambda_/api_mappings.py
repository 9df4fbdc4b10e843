"""Event source mappings: created, changed, listed, deleted. Source: Lambda API reference."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.lambda_ import mapping_rows as rows
from owari.services.lambda_ import sql
from owari.services.lambda_.faults import USER, conflict, invalid, not_found
from owari.services.lambda_.lookup import named
from owari.services.lambda_.mapping import (
    CREATING,
    DELETING,
    DISABLED,
    DISABLING,
    ENABLED,
    ENABLING,
    UPDATING,
    Mapping,
    described,
)
from owari.services.lambda_.mapping_flow import advance, hurry, unpark
from owari.services.lambda_.mapping_queue import visibility_timeout
from owari.services.lambda_.mapping_settings import changed, check_source, defaults
from owari.services.lambda_.names import FunctionRef
from owari.services.lambda_.paging import key_of, marker_for
from owari.services.lambda_.tagging import checked_tags
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 100


@operation("lambda", "CreateEventSourceMapping")
def create_event_source_mapping(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "CreateEventSourceMapping")
    source = check_source(p, tx.region)
    m = Mapping(
        account=tx.account,
        region=tx.region,
        uuid=tx.new_id(),
        name=ref.name,
        qualifier=ref.qualifier,
        source=source,
        state=CREATING,
        enabled=p.get("Enabled") is not False,
        settings=changed(defaults(), p, source.endswith(".fifo")),
        modified=tx.now,
    )
    tags = checked_tags({}, p.get("Tags") or {})
    _check_pair(tx, m)
    if (other := rows.of_pair(tx, m.name, m.qualifier, source)) is not None:
        raise _exists(other)
    rows.insert(tx, m)
    tx.resources.created(m.arn, "AWS::Lambda::EventSourceMapping", tags)
    hurry(tx, m)
    return described(m)


def _check_pair(tx: Tx, m: Mapping) -> None:
    """The function is there, the queue too, and hides its messages long enough for it."""
    function = sql.version(tx, m.name, FunctionRef(m.name, m.qualifier).version)
    if function is None:
        raise invalid("Function does not exist")
    try:
        hidden_s = visibility_timeout(tx, m)
    except ServiceError as error:
        raise invalid(
            f"Error occurred while ReceiveMessage. SQS Error Code: {_sqs_code(error)}."
            f" SQS Error Message: {error.message}"
        ) from None
    timeout_s = function.config["Timeout"]
    if hidden_s < timeout_s:
        raise invalid(
            f"Queue visibility timeout: {int(hidden_s)} seconds is less than Function timeout:"
            f" {timeout_s} seconds"
        )


def _sqs_code(error: ServiceError) -> str:
    """As the query protocol, which Lambda still speaks with SQS, names it."""
    if error.code == "QueueDoesNotExist":
        return "AWS.SimpleQueueService.NonExistentQueue"
    return error.code


def _exists(other: Mapping) -> ServiceError:
    return conflict(
        f'An event source mapping with SQS arn (" {other.source} ") and function'
        f' (" {other.name} ") already exists. Please update or delete the existing mapping with'
        f" UUID {other.uuid}"
    )


@operation("lambda", "GetEventSourceMapping", reads=True)
def get_event_source_mapping(tx: Tx, p: Params) -> Result:
    return described(_existing(tx, p["UUID"]))


@operation("lambda", "ListEventSourceMappings", reads=True)
def list_event_source_mappings(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "ListEventSourceMappings") if p.get("FunctionName") else None
    (after,) = key_of(p["Marker"], str) if p.get("Marker") else ("",)
    most = min(p.get("MaxItems") or PAGE_MAX, PAGE_MAX)
    found = rows.after(
        tx,
        after,
        most + 1,
        name=ref.name if ref else None,
        qualifier=ref.qualifier if ref else None,
        source=p.get("EventSourceArn"),
    )
    result: dict[str, Any] = {"EventSourceMappings": [described(m) for m in found[:most]]}
    if len(found) > most:
        result["NextMarker"] = marker_for([found[most - 1].uuid])
    return result


@operation("lambda", "UpdateEventSourceMapping")
def update_event_source_mapping(tx: Tx, p: Params) -> Result:
    m = _existing(tx, p["UUID"])
    _check_free(m, "update")
    settings = changed(m.settings, p, m.fifo)
    if p.get("FunctionName"):
        ref = named(tx, p, "UpdateEventSourceMapping")
        other = rows.of_pair(tx, ref.name, ref.qualifier, m.source)
        if other is not None and other.uuid != m.uuid:
            raise _exists(other)
        m.name, m.qualifier = ref.name, ref.qualifier
    _check_pair(tx, m)
    m.settings, m.modified = settings, tx.now
    _switch(m, p.get("Enabled"))
    unpark(tx, m)
    hurry(tx, m)
    return described(m)


def _switch(m: Mapping, enabled: bool | None) -> None:
    if enabled is None or enabled == m.enabled:
        m.state = UPDATING
    else:
        m.state = ENABLING if enabled else DISABLING
        m.enabled = enabled


@operation("lambda", "DeleteEventSourceMapping")
def delete_event_source_mapping(tx: Tx, p: Params) -> Result:
    """Batches in flight are waited for."""
    m = _existing(tx, p["UUID"])
    _check_free(m, "delete")
    m.state, m.enabled, m.modified = DELETING, False, tx.now
    unpark(tx, m)
    answer = described(m)
    advance(tx, m)
    return answer


def _existing(tx: Tx, uuid: str) -> Mapping:
    m = rows.find(tx, uuid)
    if m is None:
        raise not_found("The resource you requested does not exist.")
    return m


def _check_free(m: Mapping, verb: str) -> None:
    if m.state not in (ENABLED, DISABLED):
        raise ServiceError(
            "ResourceInUseException",
            f"Cannot {verb} the event source mapping because it is in use.",
            status=400,
            fields=dict(USER),
        )
