"""Provisioned concurrency: put, get, list, delete. Source: Lambda API reference."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.services.lambda_ import provisioned, sql
from owari.services.lambda_.faults import constraint, invalid
from owari.services.lambda_.lookup import existing_function, existing_version, named
from owari.services.lambda_.model import last_modified
from owari.services.lambda_.names import LATEST, FunctionRef, function_arn
from owari.services.lambda_.paging import page_of
from owari.services.lambda_.provisioned import Provisioned
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50


@operation("lambda", "PutProvisionedConcurrencyConfig")
def put_provisioned_concurrency_config(tx: Tx, p: Params) -> Result:
    """Bounded by the function's reserved concurrency, or what the account leaves unreserved."""
    ref = _target(tx, p, "PutProvisionedConcurrencyConfig")
    wanted: int = p["ProvisionedConcurrentExecutions"]
    if wanted < 1:
        raise constraint(
            wanted, "provisionedConcurrentExecutions", "have value greater than or equal to 1"
        )
    others = [c.requested for c in provisioned.of_function(tx, ref.name)
              if c.qualifier != ref.qualifier]  # fmt: skip
    reserved = existing_function(tx, ref)["reserved"]
    if reserved is not None and sum(others) + wanted > reserved:
        raise invalid(
            "Requested Provisioned Concurrency should not be greater than the"
            " reservedConcurrentExecution for function"
        )
    free = tx.limits.function_concurrency_account - sql.reserved_elsewhere(tx, "")
    if reserved is None and sum(others) + wanted > free:
        raise invalid(
            "Specified ConcurrentExecutions for function is greater than account's unreserved"
            f" concurrency [{free}]."
        )
    made = Provisioned(tx.account, tx.region, ref.name, ref.version, wanted, tx.now)
    provisioned.put(tx, made)
    return _described(made)


@operation("lambda", "GetProvisionedConcurrencyConfig", reads=True)
def get_provisioned_concurrency_config(tx: Tx, p: Params) -> Result:
    return _described(_existing(tx, _target(tx, p, "GetProvisionedConcurrencyConfig")))


@operation("lambda", "DeleteProvisionedConcurrencyConfig")
def delete_provisioned_concurrency_config(tx: Tx, p: Params) -> Result:
    provisioned.forget(tx, *_target(tx, p, "DeleteProvisionedConcurrencyConfig"))
    return None


@operation("lambda", "ListProvisionedConcurrencyConfigs", reads=True)
def list_provisioned_concurrency_configs(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "ListProvisionedConcurrencyConfigs")
    existing_function(tx, ref)
    found = [
        {"FunctionArn": function_arn(tx.account, tx.region, c.name, c.qualifier), **_described(c)}
        for c in provisioned.of_function(tx, ref.name)
    ]
    page, more = page_of(found, p, PAGE_MAX)
    return {"ProvisionedConcurrencyConfigs": page, **more}


def _target(tx: Tx, p: Params, action: str) -> FunctionRef:
    """A published version or an alias."""
    ref = named(tx, p, action)
    if ref.version == LATEST:
        raise invalid(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    existing_version(tx, ref)
    return ref


def _existing(tx: Tx, ref: FunctionRef) -> Provisioned:
    found = provisioned.find(tx, ref.name, ref.version)
    if found is None:
        raise ServiceError(
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
            status=404,
            fields={"Type": "User"},
        )
    return found


def _described(c: Provisioned) -> dict[str, Any]:
    allocated = min(c.allocated, c.requested)
    told = {
        "RequestedProvisionedConcurrentExecutions": c.requested,
        "AllocatedProvisionedConcurrentExecutions": allocated,
        "AvailableProvisionedConcurrentExecutions": allocated,
        "Status": "READY" if allocated == c.requested else "FAILED" if c.why else "IN_PROGRESS",
        "LastModified": last_modified(c.modified),
    }
    return told | ({"StatusReason": c.why} if told["Status"] == "FAILED" else {})
