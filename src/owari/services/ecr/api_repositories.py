"""Repositories: names that task and job definitions give their images."""

from __future__ import annotations

from typing import Any

from owari.arn import make_arn
from owari.errors import ServiceError
from owari.services.ecr import tables
from owari.services.ecr.core import check_name, images_of, missing, uri_of
from owari.services.ecr.paging import page_of
from owari.store.encode import loads
from owari.store.mapped import mapped_images
from owari.store.tx import Row, Tx
from owari.tags import as_map
from owari.wire.operation import Params, Result, operation

SHOWN: dict[str, Any] = {
    "imageTagMutability": "MUTABLE",
    "imageScanningConfiguration": {"scanOnPush": False},
    "encryptionConfiguration": {"encryptionType": "AES256"},
}
KEPT = (*SHOWN, "imageTagMutabilityExclusionFilters")


def arn_of(tx: Tx, name: str) -> str:
    return make_arn("ecr", tx.region, tx.account, f"repository/{name}")


@operation("ecr", "CreateRepository")
def create_repository(tx: Tx, p: Params) -> Result:
    name = check_name(p["repositoryName"])
    if tables.repository(tx, name) is not None:
        raise ServiceError(
            "RepositoryAlreadyExistsException",
            f"The repository with name '{name}' already exists in the registry with id"
            f" '{tx.account}'",
        )
    tables.insert(tx, name, SHOWN | {k: p[k] for k in KEPT if k in p})
    tags = as_map(p.get("tags"))
    tx.resources.created(arn_of(tx, name), "AWS::ECR::Repository", tags)
    return {"repository": _shown(tx, tables.needed(tx, {"repositoryName": name}))}


def _shown(tx: Tx, row: Row) -> dict[str, Any]:
    body = loads(row["body"])
    return {k: body[k] for k in KEPT if k in body} | {
        "repositoryArn": arn_of(tx, row["name"]),
        "registryId": tx.account,
        "repositoryName": row["name"],
        "repositoryUri": uri_of(tx.account, tx.region, row["name"]),
        "createdAt": row["created"],
    }


@operation("ecr", "DescribeRepositories", reads=True)
def describe_repositories(tx: Tx, p: Params) -> Result:
    if "repositoryNames" in p:
        rows = []
        for name in p["repositoryNames"]:
            row = tables.repository(tx, name)
            if row is None:
                raise missing(name, tx.account)
            rows.append(row)
        return {"repositories": [_shown(tx, row) for row in rows]}
    return page_of(p, "repositories", [_shown(tx, row) for row in tables.repositories(tx)])


@operation("ecr", "DeleteRepository")
def delete_repository(tx: Tx, p: Params) -> Result:
    """With `force` even one that has images; they stay where they are mapped to."""
    row = tables.needed(tx, p)
    name = row["name"]
    images = images_of(mapped_images(tx.blobs), tx.account, tx.region, name)
    if images and not p.get("force"):
        raise ServiceError(
            "RepositoryNotEmptyException",
            f"The repository with name '{name}' in registry with id '{tx.account}' cannot be"
            " deleted because it still contains images",
        )
    shown = _shown(tx, row)
    tables.delete(tx, name)
    tx.resources.deleted(shown["repositoryArn"])
    return {"repository": shown}


@operation("ecr", "DescribeRegistry", reads=True)
def describe_registry(tx: Tx, _p: Params) -> Result:
    return {"registryId": tx.account, "replicationConfiguration": {"rules": []}}
