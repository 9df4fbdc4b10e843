"""Changes to a function's code and configuration. They concern `$LATEST` only."""

from __future__ import annotations

from dataclasses import replace

from owari.services.lambda_ import signing_rows, sql
from owari.services.lambda_.api_signing import check_unsigned
from owari.services.lambda_.api_versions import publish
from owari.services.lambda_.configuration import updated
from owari.services.lambda_.durable.settings import changed_durable_config
from owari.services.lambda_.faults import invalid, precondition
from owari.services.lambda_.layers import check_together, layers_named
from owari.services.lambda_.lookup import existing_version, named
from owari.services.lambda_.model import Version, describe, describe_updated
from owari.services.lambda_.names import LATEST, FunctionRef
from owari.services.lambda_.package import received
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("lambda", "UpdateFunctionCode")
def update_function_code(tx: Tx, p: Params) -> Result:
    """`DryRun` checks everything and changes nothing."""
    current = _current(tx, p, "UpdateFunctionCode")
    package = received(tx, p, current.config["PackageType"])
    check_unsigned(tx, signing_rows.of_function(tx, current.name))
    asked = {key: p[key] for key in ("Architectures",) if key in p}
    config = updated(current.name, current.config, asked, tx.limits)
    check_together(package.source(), current.layers, tx.limits.function_unzipped_max_bytes)
    if p.get("DryRun"):
        return describe(replace(current, source=package.source(), config=config))
    new = current.changed(tx.new_id(), tx.now, source=package.store(tx), config=config)
    sql.change_version(tx, current, new)
    return describe(publish(tx, new)) if p.get("Publish") else describe_updated(new)


@operation("lambda", "UpdateFunctionConfiguration")
def update_function_configuration(tx: Tx, p: Params) -> Result:
    current = _current(tx, p, "UpdateFunctionConfiguration")
    if p.get("DurableConfig"):
        durable = changed_durable_config(current.config.get("DurableConfig"), p["DurableConfig"])
        p = {**p, "DurableConfig": durable}
    config = updated(current.name, current.config, p, tx.limits)
    layers = current.layers if p.get("Layers") is None else layers_named(tx, p["Layers"])
    check_together(current.source, layers, tx.limits.function_unzipped_max_bytes)
    new = current.changed(tx.new_id(), tx.now, config=config, layers=layers)
    sql.change_version(tx, current, new)
    return describe_updated(new)


def _current(tx: Tx, p: Params, action: str) -> Version:
    """`$LATEST`, if its revision is the one the caller expects."""
    ref = named(tx, p, action)
    if ref.qualifier not in (None, LATEST):
        raise invalid("A published version cannot be changed: name the function or $LATEST.")
    current = existing_version(tx, FunctionRef(ref.name, None))
    if p.get("RevisionId") not in (None, current.revision):
        raise precondition(
            "The Revision Id provided does not match the latest Revision Id. Call the"
            " GetFunction/GetAlias API to retrieve the latest Revision Id"
        )
    return current
