"""Which execution a caller means."""

from __future__ import annotations

from owari.services.lambda_.durable import rows
from owari.services.lambda_.durable.naming import parse_execution
from owari.services.lambda_.durable.rows import Execution
from owari.services.lambda_.faults import not_found
from owari.store.tx import Tx


def existing_execution(tx: Tx, arn: str) -> Execution:
    """Raises InvalidParameterValueException, ResourceNotFoundException."""
    e = execution_of(tx, arn)
    if e is None:
        raise not_found(f"Durable execution not found: {arn}")
    return e


def execution_of(tx: Tx, arn: str) -> Execution | None:
    ref = parse_execution(arn)
    e = rows.by_name(tx, ref.function, ref.name)
    return e if e is not None and e.arn == arn else None
