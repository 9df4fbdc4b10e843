"""What most operations begin with: whose function is meant, and is it there."""

from __future__ import annotations

from owari.services.lambda_ import sql
from owari.services.lambda_.faults import function_not_found, not_found
from owari.services.lambda_.model import Version
from owari.services.lambda_.names import FunctionRef, function_arn, is_alias, parse_function
from owari.store.tx import Row, Tx
from owari.wire.operation import Params


def named(tx: Tx, p: Params, action: str) -> FunctionRef:
    """The function that `FunctionName` and `Qualifier` name; it may not exist."""
    return parse_function(
        p["FunctionName"],
        p.get("Qualifier"),
        account=tx.account,
        region=tx.region,
        principal=tx.principal,
        action=action,
    )


def arn_of(tx: Tx, ref: FunctionRef) -> str:
    return function_arn(tx.account, tx.region, ref.name, ref.qualifier)


def existing_function(tx: Tx, ref: FunctionRef) -> Row:
    """Raises ResourceNotFoundException."""
    row = sql.function(tx, ref.name)
    if row is None:
        raise function_not_found(function_arn(tx.account, tx.region, ref.name))
    return row


def existing_version(tx: Tx, ref: FunctionRef) -> Version:
    """Raises ResourceNotFoundException, worded for functions, versions and aliases as on AWS."""
    found = sql.version(tx, ref.name, ref.version)
    if found is not None:
        return found
    if ref.qualifier and is_alias(ref.qualifier) and sql.function(tx, ref.name):
        raise not_found(f"Cannot find alias arn: {arn_of(tx, ref)}")
    raise function_not_found(arn_of(tx, ref))
