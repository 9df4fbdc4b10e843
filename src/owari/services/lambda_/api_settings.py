"""Settings that are recorded and told, beside a function's configuration.

RuntimeManagementConfig: a runtime here is the machine's own and never changes under a function.
"""

from __future__ import annotations

import json
from typing import Any

from owari.services.lambda_.faults import invalid
from owari.services.lambda_.lookup import existing_version, named
from owari.services.lambda_.names import FunctionRef, function_arn
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, migrations, operation

migrations(
    "lambda.settings",
    """
    CREATE TABLE lambda_setting (
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        qualifier TEXT NOT NULL,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (account, region, name, qualifier, kind)
    );
    """,
)


@operation("lambda", "PutRuntimeManagementConfig")
def put_runtime_management_config(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "PutRuntimeManagementConfig")
    existing_version(tx, ref)
    chosen = {"UpdateRuntimeOn": p["UpdateRuntimeOn"]}
    if (chosen["UpdateRuntimeOn"] == "Manual") != bool(p.get("RuntimeVersionArn")):
        raise invalid("RuntimeVersionArn must be given for Manual, and only for Manual.")
    if p.get("RuntimeVersionArn"):
        chosen["RuntimeVersionArn"] = p["RuntimeVersionArn"]
    _put(tx, ref.name, ref.version, "runtime", chosen)
    return _told(tx, ref)


@operation("lambda", "GetRuntimeManagementConfig", reads=True)
def get_runtime_management_config(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "GetRuntimeManagementConfig")
    existing_version(tx, ref)
    return _told(tx, ref)


def _told(tx: Tx, ref: FunctionRef) -> dict[str, Any]:
    found = _get(tx, ref.name, ref.version, "runtime", {"UpdateRuntimeOn": "Auto"})
    arn = function_arn(tx.account, tx.region, ref.name, ref.version)
    return {"FunctionArn": arn, **found}


def _put(tx: Tx, name: str, qualifier: str, kind: str, value: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO lambda_setting (account, region, name, qualifier, kind, value)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, name, qualifier, kind)"
        " DO UPDATE SET value = excluded.value",
        tx.account, tx.region, name, qualifier, kind, json.dumps(value),
    )  # fmt: skip


def _get(tx: Tx, name: str, qualifier: str, kind: str, otherwise: dict[str, Any]) -> dict[str, Any]:
    row = tx.one(
        "SELECT value FROM lambda_setting WHERE account = ? AND region = ? AND name = ?"
        " AND qualifier = ? AND kind = ?",
        tx.account, tx.region, name, qualifier, kind,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(row["value"]) if row else otherwise
    return found
