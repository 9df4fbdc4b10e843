"""Code signing configurations: recorded, and obeyed.

There is no AWS Signer here, so every package is unsigned: a configuration that enforces signatures
refuses each deployment, one that warns lets it through. Source: Lambda developer guide, "Using
code signing".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari.errors import ServiceError
from owari.services.lambda_ import signing_rows as rows
from owari.services.lambda_.faults import USER, conflict, not_found
from owari.services.lambda_.lookup import arn_of, existing_function, named
from owari.services.lambda_.model import last_modified
from owari.services.lambda_.names import FunctionRef
from owari.services.lambda_.paging import page_of
from owari.services.lambda_.signing_rows import Signing
from owari.services.lambda_.tagging import checked_tags
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 10_000
WARN = {"UntrustedArtifactOnDeployment": "Warn"}
_SETTINGS = ("Description", "AllowedPublishers", "CodeSigningPolicies")


# ---- used by deployments
def check_unsigned(tx: Tx, signing: Signing | None) -> None:
    """Before unsigned code is deployed. Raises CodeVerificationFailedException."""
    if signing is not None and signing.enforces:
        raise ServiceError(
            "CodeVerificationFailedException",
            "Lambda cannot deploy the function. The function or layer might be signed using a"
            " signature that the client is not configured to accept. Check the provided signature"
            " for unsigned.",
            status=400,
            fields=dict(USER),
        )


def attachable(tx: Tx, arn: str) -> Signing:
    """Raises CodeSigningConfigNotFoundException."""
    found = rows.find(tx, arn)
    if found is None:
        raise ServiceError(
            "CodeSigningConfigNotFoundException",
            "The code signing configuration cannot be found. Check that the provided configuration"
            f" is not deleted: {arn}.",
            status=404,
            fields=dict(USER),
        )
    return found


# ---- configurations
@operation("lambda", "CreateCodeSigningConfig")
def create_code_signing_config(tx: Tx, p: Params) -> Result:
    tags = checked_tags({}, p.get("Tags") or {})
    value = {"CodeSigningPolicies": WARN, **_given(p)}
    made = Signing(tx.account, tx.region, f"csc-{tx.new_id().replace('-', '')[:17]}", tx.now, value)
    rows.put(tx, made)
    tx.resources.created(made.arn, "AWS::Lambda::CodeSigningConfig", tags)
    return {"CodeSigningConfig": _described(made)}


@operation("lambda", "UpdateCodeSigningConfig")
def update_code_signing_config(tx: Tx, p: Params) -> Result:
    """Keeps what is not given. It counts for the deployments to come."""
    old = _existing(tx, p)
    changed = replace(old, modified=tx.now, value=old.value | _given(p))
    rows.put(tx, changed)
    return {"CodeSigningConfig": _described(changed)}


@operation("lambda", "GetCodeSigningConfig", reads=True)
def get_code_signing_config(tx: Tx, p: Params) -> Result:
    return {"CodeSigningConfig": _described(_existing(tx, p))}


@operation("lambda", "DeleteCodeSigningConfig")
def delete_code_signing_config(tx: Tx, p: Params) -> Result:
    found = _existing(tx, p)
    if using := rows.functions_of(tx, found):
        raise conflict(
            f"The code signing configuration {found.arn} is used by {len(using)} function(s) and"
            " cannot be deleted."
        )
    rows.remove(tx, found)
    tx.resources.deleted(found.arn)
    return None


@operation("lambda", "ListCodeSigningConfigs", reads=True)
def list_code_signing_configs(tx: Tx, p: Params) -> Result:
    page, more = page_of(rows.every(tx), p, PAGE_MAX)
    return {"CodeSigningConfigs": [_described(s) for s in page], **more}


@operation("lambda", "ListFunctionsByCodeSigningConfig", reads=True)
def list_functions_by_code_signing_config(tx: Tx, p: Params) -> Result:
    names = rows.functions_of(tx, _existing(tx, p))
    page, more = page_of(names, p, PAGE_MAX)
    return {"FunctionArns": [arn_of(tx, FunctionRef(name, None)) for name in page], **more}


def _existing(tx: Tx, p: Params) -> Signing:
    arn = p["CodeSigningConfigArn"]
    found = rows.find(tx, arn)
    if found is None:
        raise not_found(f"The Lambda code signing configuration {arn} can not be found.")
    return found


def _given(p: Params) -> dict[str, Any]:
    return {name: p[name] for name in _SETTINGS if p.get(name) not in (None, {})}


def _described(s: Signing) -> dict[str, Any]:
    return {
        "CodeSigningConfigId": s.id,
        "CodeSigningConfigArn": s.arn,
        **s.value,
        "LastModified": last_modified(s.modified),
    }


# ---- of a function
@operation("lambda", "PutFunctionCodeSigningConfig")
def put_function_code_signing_config(tx: Tx, p: Params) -> Result:
    ref = _function(tx, p, "PutFunctionCodeSigningConfig")
    signing = attachable(tx, p["CodeSigningConfigArn"])
    rows.attach(tx, ref.name, signing)
    return {"CodeSigningConfigArn": signing.arn, "FunctionName": ref.name}


@operation("lambda", "GetFunctionCodeSigningConfig", reads=True)
def get_function_code_signing_config(tx: Tx, p: Params) -> Result:
    """Without the ARN for a function that has none."""
    ref = _function(tx, p, "GetFunctionCodeSigningConfig")
    signing = rows.of_function(tx, ref.name)
    found = {} if signing is None else {"CodeSigningConfigArn": signing.arn}
    return {**found, "FunctionName": ref.name}


@operation("lambda", "DeleteFunctionCodeSigningConfig")
def delete_function_code_signing_config(tx: Tx, p: Params) -> Result:
    rows.detach(tx, _function(tx, p, "DeleteFunctionCodeSigningConfig").name)
    return None


def _function(tx: Tx, p: Params, action: str) -> FunctionRef:
    ref = named(tx, p, action)
    existing_function(tx, ref)
    return ref
