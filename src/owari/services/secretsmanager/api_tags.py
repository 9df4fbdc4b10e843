"""Tags of secrets."""

from __future__ import annotations

from owari.services.secretsmanager.lookup import existing
from owari.services.secretsmanager.tags import new_tags
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("secretsmanager", "TagResource")
def tag_resource(tx: Tx, p: Params) -> Result:
    arn = existing(tx, p["SecretId"]).arn
    tx.resources.tag(arn, new_tags(p["Tags"], tx.resources.tags(arn)))
    return {}


@operation("secretsmanager", "UntagResource")
def untag_resource(tx: Tx, p: Params) -> Result:
    tx.resources.untag(existing(tx, p["SecretId"]).arn, p["TagKeys"])
    return {}
