"""Functions: create, get, list, delete. Source: Lambda API reference."""

from __future__ import annotations

from owari.services.lambda_ import sql
from owari.services.lambda_.api_versions import publish
from owari.services.lambda_.configuration import created
from owari.services.lambda_.faults import conflict, function_not_found, invalid
from owari.services.lambda_.lookup import arn_of, existing_function, existing_version, named
from owari.services.lambda_.model import Version, describe, describe_in_list
from owari.services.lambda_.names import LATEST, FunctionRef
from owari.services.lambda_.package import received
from owari.services.lambda_.paging import key_of, marker_for
from owari.services.lambda_.tagging import checked_tags
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50
LOCATION_S = 600


@operation("lambda", "CreateFunction")
def create_function(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "CreateFunction")
    if ref.qualifier not in (None, LATEST):
        raise invalid("A function is created without a version or alias in its name.")
    config = created(ref.name, p, tx.limits)
    tags = checked_tags({}, p.get("Tags") or {})
    if sql.function(tx, ref.name) is not None:
        raise conflict(f"Function already exist: {ref.name}")
    package = received(tx, p["Code"])
    revision = tx.new_id()
    made = Version(
        account=tx.account,
        region=tx.region,
        name=ref.name,
        version=LATEST,
        revision=revision,
        deployed=revision,
        code=package.store(tx),
        code_size=len(package.data),
        modified=tx.now,
        config=config,
    )
    sql.add_function(tx, made)
    tx.resources.created(made.arn, "AWS::Lambda::Function", tags)
    return describe(publish(tx, made) if p.get("Publish") else made)


@operation("lambda", "GetFunction", reads=True)
def get_function(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "GetFunction")
    version = existing_version(tx, ref)
    reserved = existing_function(tx, ref)["reserved"]
    result = {
        "Configuration": describe(version, qualified=ref.qualifier is not None),
        "Code": {"RepositoryType": "S3", "Location": _location(tx, version.code)},
    }
    if tags := tx.resources.tags(version.arn):
        result["Tags"] = tags
    if reserved is not None:
        result["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
    return result


def _location(tx: Tx, code: str) -> str:
    """A signed URL of the package, good for ten minutes as on AWS (http/packages.py serves it)."""
    expires = int(tx.real_now) + LOCATION_S
    seal = tx.issuer.seal(f"{code}:{expires}")
    return f"{tx.endpoint}/_owari/code/{code}?Expires={expires}&Signature={seal}"


@operation("lambda", "GetFunctionCodeSigningConfig", reads=True)
def get_function_code_signing_config(tx: Tx, p: Params) -> Result:
    """No function has one: CreateFunction refuses it. Deployment tools ask all the same."""
    ref = named(tx, p, "GetFunctionCodeSigningConfig")
    existing_function(tx, ref)
    return {"FunctionName": ref.name}


@operation("lambda", "GetFunctionConfiguration", reads=True)
def get_function_configuration(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "GetFunctionConfiguration")
    return describe(existing_version(tx, ref), qualified=ref.qualifier is not None)


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
        tx.resources.deleted(arn_of(tx, ref))
    return {"StatusCode": 204}


def _delete_version(tx: Tx, ref: FunctionRef) -> None:
    version = sql.version(tx, ref.name, ref.version)
    if version is None:
        raise function_not_found(arn_of(tx, ref))
    sql.remove_version(tx, version)
