"""DescribeSecret."""

from __future__ import annotations

from owari.services.secretsmanager.lookup import known
from owari.services.secretsmanager.showing import metadata
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("secretsmanager", "DescribeSecret", reads=True)
def describe_secret(tx: Tx, p: Params) -> Result:
    secret = known(tx, p["SecretId"])
    return metadata(secret, tx.resources.tags(secret.arn), "VersionIdsToStages")
