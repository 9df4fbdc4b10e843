"""Policies and settings of a repository: kept and shown."""

from __future__ import annotations

import json
from typing import Any

from owari.errors import ServiceError
from owari.services.ecr import tables
from owari.services.ecr.core import about, invalid
from owari.store.encode import loads
from owari.store.tx import Row, Tx
from owari.wire.operation import Params, Result, operation

LIFECYCLE, POLICY = "lifecyclePolicyText", "policyText"
_MISSING = {
    LIFECYCLE: ("LifecyclePolicyNotFoundException", "Lifecycle policy"),
    POLICY: ("RepositoryPolicyNotFoundException", "Repository policy"),
}


def _named(tx: Tx, row: Row, **more: Any) -> dict[str, Any]:
    return {"registryId": tx.account, "repositoryName": row["name"], **more}


def _put_text(tx: Tx, p: Params, name: str) -> Result:
    row = tables.needed(tx, p)
    try:
        json.loads(p[name])
    except ValueError:
        raise invalid(f"Invalid parameter at '{name}': it is not valid JSON") from None
    tables.change(tx, row, {name: p[name]})
    return _named(tx, row, **{name: p[name]})


def _existing(tx: Tx, p: Params, name: str) -> tuple[Row, str]:
    row = tables.needed(tx, p)
    text = loads(row["body"]).get(name)
    if text is None:
        code, words = _MISSING[name]
        raise ServiceError(code, about(f"{words} does not exist for", row["name"], tx.account))
    return row, text


def _get_text(tx: Tx, p: Params, name: str) -> Result:
    row, text = _existing(tx, p, name)
    return _named(tx, row, **{name: text})


def _delete_text(tx: Tx, p: Params, name: str) -> Result:
    row, text = _existing(tx, p, name)
    tables.change(tx, row, {name: None})
    return _named(tx, row, **{name: text})


@operation("ecr", "PutLifecyclePolicy")
def put_lifecycle_policy(tx: Tx, p: Params) -> Result:
    return _put_text(tx, p, LIFECYCLE)


@operation("ecr", "GetLifecyclePolicy", reads=True)
def get_lifecycle_policy(tx: Tx, p: Params) -> Result:
    return _get_text(tx, p, LIFECYCLE)


@operation("ecr", "DeleteLifecyclePolicy")
def delete_lifecycle_policy(tx: Tx, p: Params) -> Result:
    return _delete_text(tx, p, LIFECYCLE)


@operation("ecr", "SetRepositoryPolicy")
def set_repository_policy(tx: Tx, p: Params) -> Result:
    return _put_text(tx, p, POLICY)


@operation("ecr", "GetRepositoryPolicy", reads=True)
def get_repository_policy(tx: Tx, p: Params) -> Result:
    return _get_text(tx, p, POLICY)


@operation("ecr", "DeleteRepositoryPolicy")
def delete_repository_policy(tx: Tx, p: Params) -> Result:
    return _delete_text(tx, p, POLICY)


def _set(tx: Tx, p: Params, *names: str) -> Result:
    row = tables.needed(tx, p)
    given = {name: p[name] for name in names if name in p}
    tables.change(tx, row, given)
    return _named(tx, row, **given)


@operation("ecr", "PutImageScanningConfiguration")
def put_image_scanning_configuration(tx: Tx, p: Params) -> Result:
    return _set(tx, p, "imageScanningConfiguration")


@operation("ecr", "PutImageTagMutability")
def put_image_tag_mutability(tx: Tx, p: Params) -> Result:
    return _set(tx, p, "imageTagMutability", "imageTagMutabilityExclusionFilters")
