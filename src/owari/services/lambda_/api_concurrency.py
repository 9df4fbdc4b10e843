"""Reserved concurrency: how many invocations of a function at once, at most and at least."""

from __future__ import annotations

from owari.services.lambda_ import sql
from owari.services.lambda_.faults import constraint, invalid
from owari.services.lambda_.lookup import existing_function, named
from owari.services.lambda_.mapping_flow import on_function_changed
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("lambda", "PutFunctionConcurrency")
def put_function_concurrency(tx: Tx, p: Params) -> Result:
    """The rest of the account keeps at least 100. Zero stops the function."""
    name = _function(tx, p, "PutFunctionConcurrency")
    wanted: int = p["ReservedConcurrentExecutions"]
    if wanted < 0:
        raise constraint(
            wanted, "reservedConcurrentExecutions", "have value greater than or equal to 0"
        )
    least = tx.limits.function_concurrency_unreserved_min
    rest = tx.limits.function_concurrency_account - sql.reserved_elsewhere(tx, name) - wanted
    if rest < least:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{least}]."
        )
    sql.set_reserved(tx, name, wanted)
    on_function_changed(tx, name)
    return {"ReservedConcurrentExecutions": wanted}


@operation("lambda", "GetFunctionConcurrency", reads=True)
def get_function_concurrency(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "GetFunctionConcurrency")
    reserved = existing_function(tx, ref)["reserved"]
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


@operation("lambda", "DeleteFunctionConcurrency")
def delete_function_concurrency(tx: Tx, p: Params) -> Result:
    name = _function(tx, p, "DeleteFunctionConcurrency")
    sql.set_reserved(tx, name, None)
    on_function_changed(tx, name)
    return None


def _function(tx: Tx, p: Params, action: str) -> str:
    ref = named(tx, p, action)
    if ref.qualifier is not None:
        raise invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not"
            " support this operation. Please specify either a function name or an unqualified"
            " function ARN."
        )
    existing_function(tx, ref)
    return ref.name
