"""Policies of layer versions. They decide which other accounts may use a layer."""

from __future__ import annotations

import json

from owari.services.lambda_ import layer_rows
from owari.services.lambda_.api_layers import existing
from owari.services.lambda_.faults import conflict, not_found, precondition
from owari.services.lambda_.layer_names import parse_layer
from owari.services.lambda_.layer_policy import statement
from owari.services.lambda_.layer_rows import LayerVersion
from owari.services.lambda_.policy import document
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("lambda", "AddLayerVersionPermission")
def add_layer_version_permission(tx: Tx, p: Params) -> Result:
    layer = _layer(tx, p)
    made = statement(p, layer.ref.arn)
    present = layer_rows.statements(tx, layer.ref)
    if any(old["Sid"] == made["Sid"] for old in present):
        raise conflict(
            f"The statement id ({made['Sid']}) provided already exists. Please provide a new"
            " statement id, or remove the existing statement."
        )
    document([*present, made])
    layer_rows.add_statement(tx, layer.ref, made)
    text = json.dumps(made, separators=(",", ":"))
    return {"Statement": text, "RevisionId": _layer(tx, p | {"RevisionId": None}).revision}


@operation("lambda", "RemoveLayerVersionPermission")
def remove_layer_version_permission(tx: Tx, p: Params) -> Result:
    layer = _layer(tx, p)
    if not layer_rows.remove_statement(tx, layer.ref, p["StatementId"]):
        raise not_found(f"Statement {p['StatementId']} is not found in resource policy.")
    return None


@operation("lambda", "GetLayerVersionPolicy", reads=True)
def get_layer_version_policy(tx: Tx, p: Params) -> Result:
    layer = _layer(tx, p)
    present = layer_rows.statements(tx, layer.ref)
    if not present:
        raise not_found("No policy is associated with the given resource.")
    return {"Policy": document(present), "RevisionId": layer.revision}


def _layer(tx: Tx, p: Params) -> LayerVersion:
    """The layer version, at the revision the caller expects."""
    layer = existing(tx, parse_layer(p["LayerName"], tx.account, tx.region, p["VersionNumber"]))
    if p.get("RevisionId") not in (None, "", layer.revision):
        raise precondition(
            "The Revision Id provided does not match the latest Revision Id. Call the"
            " GetLayerVersionPolicy API to retrieve the latest Revision Id"
        )
    return layer
