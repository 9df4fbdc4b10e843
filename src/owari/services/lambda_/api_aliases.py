"""Aliases: create, get, update, delete, list. Source: Lambda API reference."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from owari.services.lambda_ import alias_rows, provisioned, sql
from owari.services.lambda_.aliases import NAME_PATTERN, Alias, check_routing, describe_alias
from owari.services.lambda_.faults import (
    conflict,
    constraint,
    function_not_found,
    not_found,
    precondition,
)
from owari.services.lambda_.lookup import existing_function, named
from owari.services.lambda_.names import FunctionRef, function_arn
from owari.services.lambda_.paging import page_of
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50


@operation("lambda", "CreateAlias")
def create_alias(tx: Tx, p: Params) -> Result:
    ref = _function(tx, p, "CreateAlias")
    if not re.fullmatch(r"(?![0-9]+$)[a-zA-Z0-9_-]+", p["Name"]):
        raise constraint(p["Name"], "name", f"satisfy regular expression pattern: {NAME_PATTERN}")
    if alias_rows.find(tx, ref.name, p["Name"]) is not None:
        arn = function_arn(tx.account, tx.region, ref.name, p["Name"])
        raise conflict(f"Alias already exists: {arn}")
    made = Alias(
        tx.account, tx.region, ref.name, p["Name"], p["FunctionVersion"],
        p.get("Description", ""), _weights(p, {}), tx.new_id(),
    )  # fmt: skip
    return _save(tx, made)


@operation("lambda", "UpdateAlias")
def update_alias(tx: Tx, p: Params) -> Result:
    """Keeps what is not given."""
    old = _existing(tx, p, "UpdateAlias")
    if p.get("RevisionId") not in (None, "", old.revision):
        raise precondition(
            "The Revision Id provided does not match the latest Revision Id. Call the"
            " GetFunction/GetAlias API to retrieve the latest Revision Id"
        )
    changed = replace(
        old,
        version=p.get("FunctionVersion") or old.version,
        description=p.get("Description", old.description),
        weights=_weights(p, old.weights),
        revision=tx.new_id(),
    )
    return _save(tx, changed)


@operation("lambda", "GetAlias", reads=True)
def get_alias(tx: Tx, p: Params) -> Result:
    return describe_alias(_existing(tx, p, "GetAlias"))


@operation("lambda", "DeleteAlias")
def delete_alias(tx: Tx, p: Params) -> Result:
    """One that is not there is deleted as well as it can be. What hangs on it goes with it."""
    ref = _function(tx, p, "DeleteAlias")
    provisioned.forget(tx, ref.name, p["Name"])
    alias_rows.remove(tx, ref.name, p["Name"])
    sql.remove_hanging(tx, ref.name, p["Name"])
    return None


@operation("lambda", "ListAliases", reads=True)
def list_aliases(tx: Tx, p: Params) -> Result:
    ref = _function(tx, p, "ListAliases")
    wanted = p.get("FunctionVersion")
    found = [
        describe_alias(alias)
        for alias in alias_rows.of_function(tx, ref.name)
        if wanted is None or wanted in alias.versions
    ]
    page, more = page_of(found, p, PAGE_MAX)
    return {"Aliases": page, **more}


def _function(tx: Tx, p: Params, action: str) -> FunctionRef:
    ref = named(tx, p, action)
    existing_function(tx, ref)
    return ref


def _existing(tx: Tx, p: Params, action: str) -> Alias:
    ref = _function(tx, p, action)
    found = alias_rows.find(tx, ref.name, p["Name"])
    if found is None:
        arn = function_arn(tx.account, tx.region, ref.name, p["Name"])
        raise not_found(f"Cannot find alias arn: {arn}")
    return found


def _weights(p: Params, old: dict[str, float]) -> dict[str, float]:
    routing: dict[str, Any] | None = p.get("RoutingConfig")
    return old if routing is None else dict(routing.get("AdditionalVersionWeights") or {})


def _save(tx: Tx, alias: Alias) -> Result:
    """Raises ResourceNotFoundException for a version that does not exist."""
    check_routing(alias.version, alias.weights)
    for version in sorted(alias.versions):
        if sql.version(tx, alias.name, version) is None:
            arn = function_arn(tx.account, tx.region, alias.name, version)
            raise function_not_found(arn)
    warm = provisioned.find(tx, alias.name, alias.alias)
    if warm is not None:
        provisioned.tell(tx, warm, 0)
    alias_rows.put(tx, alias)
    if warm is not None:
        provisioned.tell(tx, warm, warm.requested)
    return describe_alias(alias)
