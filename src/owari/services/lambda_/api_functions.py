"""Functions: create, get, list, delete. Source: Lambda API reference."""

from __future__ import annotations

from owari.services.lambda_ import alias_rows, signing_rows, sql
from owari.services.lambda_.api_signing import attachable, check_unsigned
from owari.services.lambda_.api_versions import publish
from owari.services.lambda_.configuration import created
from owari.services.lambda_.faults import conflict, function_not_found, invalid
from owari.services.lambda_.layers import check_together, layers_named
from owari.services.lambda_.lookup import arn_of, existing_function, existing_version, named
from owari.services.lambda_.mapping_flow import on_function_changed
from owari.services.lambda_.model import (
    Source,
    Version,
    describe,
    describe_created,
    describe_in_list,
)
from owari.services.lambda_.names import LATEST, FunctionRef, is_alias
from owari.services.lambda_.package import location, received
from owari.services.lambda_.paging import key_of, marker_for
from owari.services.lambda_.tagging import checked_tags
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50


@operation("lambda", "CreateFunction")
def create_function(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "CreateFunction")
    if ref.qualifier not in (None, LATEST):
        raise invalid("A function is created without a version or alias in its name.")
    config = created(ref.name, p, tx.limits)
    arn = p.get("CodeSigningConfigArn")
    signing = attachable(tx, arn) if arn else None
    tags = checked_tags({}, p.get("Tags") or {})
    if sql.function(tx, ref.name) is not None:
        raise conflict(f"Function already exist: {ref.name}")
    package = received(tx, p["Code"], config["PackageType"])
    check_unsigned(tx, signing)
    layers = layers_named(tx, p.get("Layers") or [])
    check_together(package.source(), layers, tx.limits.function_unzipped_max_bytes)
    revision = tx.new_id()
    made = Version(
        account=tx.account,
        region=tx.region,
        name=ref.name,
        version=LATEST,
        revision=revision,
        deployed=revision,
        source=package.store(tx),
        modified=tx.now,
        config=config,
        layers=layers,
    )
    sql.add_function(tx, made)
    if signing is not None:
        signing_rows.attach(tx, ref.name, signing)
    on_function_changed(tx, ref.name)
    tx.resources.created(made.arn, "AWS::Lambda::Function", tags)
    return describe(publish(tx, made)) if p.get("Publish") else describe_created(made)


@operation("lambda", "GetFunction", reads=True)
def get_function(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "GetFunction")
    version = existing_version(tx, ref)
    reserved = existing_function(tx, ref)["reserved"]
    result = {
        "Configuration": describe(version, ref.qualifier),
        "Code": _code(tx, version.source),
    }
    if tags := tx.resources.tags(version.arn):
        result["Tags"] = tags
    if reserved is not None:
        result["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
    return result


def _code(tx: Tx, source: Source) -> dict[str, str]:
    """FunctionCodeLocation."""
    if source.image:
        return {"RepositoryType": "ECR", "ImageUri": source.image}
    return {"RepositoryType": "S3", "Location": location(tx, source)}


@operation("lambda", "GetFunctionConfiguration", reads=True)
def get_function_configuration(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "GetFunctionConfiguration")
    return describe(existing_version(tx, ref), ref.qualifier)


@operation("lambda", "ListFunctions", reads=True)
def list_functions(tx: Tx, p: Params) -> Result:
    """At most 50 a page, whatever MaxItems says, as on AWS."""
    every = p.get("FunctionVersion") == "ALL"
    after, number = key_of(p["Marker"], str, int) if p.get("Marker") else ("", -1)
    most = min(p.get("MaxItems") or PAGE_MAX, PAGE_MAX)
    found = sql.versions_after(tx, (after, number), most + 1, only_latest=not every)
    page = found[:most]
    result = {"Functions": [describe_in_list(v, qualified=every) for v, _ in page]}
    if len(found) > most:
        last, at = page[-1]
        return result | {"NextMarker": marker_for([last.name, at])}
    return result


@operation("lambda", "DeleteFunction")
def delete_function(tx: Tx, p: Params) -> Result:
    """Events still waiting for the function are dropped when they come due."""
    ref = named(tx, p, "DeleteFunction")
    if ref.qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    existing_function(tx, ref)
    if ref.qualifier is not None:
        _delete_version(tx, ref)
    else:
        sql.remove_function(tx, ref.name)
        on_function_changed(tx, ref.name)
        tx.resources.deleted(arn_of(tx, ref))
    return {"StatusCode": 204}


def _delete_version(tx: Tx, ref: FunctionRef) -> None:
    """Raises ResourceConflictException as long as aliases name it."""
    if is_alias(ref.version):
        raise invalid("An alias is deleted with DeleteAlias: name a function or a version.")
    version = sql.version(tx, ref.name, ref.version)
    if version is None:
        raise function_not_found(arn_of(tx, ref))
    naming = [a.alias for a in alias_rows.of_function(tx, ref.name) if ref.version in a.versions]
    if naming:
        raise conflict(
            "Version was unable to be deleted because the following aliases reference it:"
            f" [{', '.join(naming)}]"
        )
    sql.remove_version(tx, version)
