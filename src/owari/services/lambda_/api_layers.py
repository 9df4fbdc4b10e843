"""Layer versions: publish, get, list, delete. Source: Lambda API reference."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from owari.services.lambda_ import layer_rows
from owari.services.lambda_.faults import constraint, denied, not_found
from owari.services.lambda_.layer_names import LayerRef, parse_layer, parse_version
from owari.services.lambda_.layer_rows import LayerVersion
from owari.services.lambda_.layers import check_allowed
from owari.services.lambda_.model import code_sha256, last_modified
from owari.services.lambda_.package import location, packed
from owari.services.lambda_.paging import page_of
from owari.services.lambda_.runtimes import RETIRED, RUNTIMES
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50
_INFO = ("Description", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo")


@operation("lambda", "PublishLayerVersion")
def publish_layer_version(tx: Tx, p: Params) -> Result:
    layer = parse_layer(p["LayerName"], tx.account, tx.region)
    if layer.account != tx.account:
        raise denied(tx.principal, "PublishLayerVersion", layer.layer_arn)
    _check_lists(p)
    content = packed(tx, p["Content"])
    ref = LayerRef(tx.account, tx.region, layer.name, layer_rows.next_version(tx, layer))
    info = {"Description": ""} | {key: p[key] for key in _INFO if p.get(key) is not None}
    made = LayerVersion(ref, tx.now, tx.new_id(), content.store(tx), info)
    layer_rows.add(tx, made)
    tx.resources.created(ref.arn, "AWS::Lambda::LayerVersion")
    return _described(tx, made)


def _check_lists(p: Params) -> None:
    """Raises ValidationException for a runtime or an architecture that there is not."""
    for name, known in (
        ("CompatibleRuntimes", (*RUNTIMES, *sorted(RETIRED))),
        ("CompatibleArchitectures", ("x86_64", "arm64")),
    ):
        given = p.get(name) or []
        if not set(given) <= set(known):
            raise constraint(
                f"[{', '.join(given)}]",
                name[:1].lower() + name[1:],
                f"satisfy constraint: [Member must satisfy enum value set: [{', '.join(known)}]]",
            )


@operation("lambda", "GetLayerVersion", reads=True)
def get_layer_version(tx: Tx, p: Params) -> Result:
    return _described(tx, existing(tx, _ref(tx, p)))


@operation("lambda", "GetLayerVersionByArn", reads=True)
def get_layer_version_by_arn(tx: Tx, p: Params) -> Result:
    return _described(tx, existing(tx, parse_version(p["Arn"], "arn")))


@operation("lambda", "DeleteLayerVersion")
def delete_layer_version(tx: Tx, p: Params) -> Result:
    """One that is not there is deleted as well as it can be."""
    ref = _ref(tx, p)
    if ref.account != tx.account:
        raise denied(tx.principal, "DeleteLayerVersion", ref.arn)
    found = layer_rows.find(tx, ref)
    if found is not None:
        layer_rows.remove(tx, found)
        tx.resources.deleted(ref.arn)
    return None


@operation("lambda", "ListLayerVersions", reads=True)
def list_layer_versions(tx: Tx, p: Params) -> Result:
    """The newest first."""
    ref = parse_layer(p["LayerName"], tx.account, tx.region)
    if ref.account != tx.account:
        raise denied(tx.principal, "ListLayerVersions", ref.layer_arn)
    found = [_item(layer) for layer in _compatible(layer_rows.versions(tx, ref), p)]
    page, more = page_of(found, p, PAGE_MAX)
    return {"LayerVersions": page, **more}


@operation("lambda", "ListLayers", reads=True)
def list_layers(tx: Tx, p: Params) -> Result:
    """Each with its newest version that matches."""
    matching = groupby(_compatible(layer_rows.every(tx), p), lambda layer: layer.ref.name)
    found = [_layer(next(versions)) for _, versions in matching]
    page, more = page_of(found, p, PAGE_MAX)
    return {"Layers": page, **more}


def _layer(newest: LayerVersion) -> dict[str, Any]:
    return {
        "LayerName": newest.ref.name,
        "LayerArn": newest.ref.layer_arn,
        "LatestMatchingVersion": _item(newest),
    }


def _compatible(found: Iterable[LayerVersion], p: Params) -> Iterable[LayerVersion]:
    for layer in found:
        info = layer.info
        runtime = p.get("CompatibleRuntime")
        architecture = p.get("CompatibleArchitecture")
        if runtime and runtime not in info.get("CompatibleRuntimes", ()):
            continue
        if architecture and architecture not in info.get("CompatibleArchitectures", ()):
            continue
        yield layer


def _ref(tx: Tx, p: Params) -> LayerRef:
    number = p["VersionNumber"]
    if number < 1:
        raise constraint(number, "versionNumber", "have value greater than or equal to 1")
    return parse_layer(p["LayerName"], tx.account, tx.region, number)


def existing(tx: Tx, ref: LayerRef) -> LayerVersion:
    """Raises ResourceNotFoundException and AccessDeniedException."""
    found = layer_rows.find(tx, ref)
    if found is None:
        raise not_found("The resource you requested does not exist.")
    check_allowed(tx, ref)
    return found


def _item(layer: LayerVersion) -> dict[str, Any]:
    return {
        "LayerVersionArn": layer.ref.arn,
        "Version": layer.ref.version,
        "CreatedDate": last_modified(layer.created),
        **layer.info,
    }


def _described(tx: Tx, layer: LayerVersion) -> dict[str, Any]:
    content: dict[str, Any] = {
        "Location": location(tx, layer.source),
        "CodeSize": layer.source.size,
    }
    if (digest := code_sha256(layer.source)) is not None:
        content["CodeSha256"] = digest
    return {"Content": content, "LayerArn": layer.ref.layer_arn, **_item(layer)}
