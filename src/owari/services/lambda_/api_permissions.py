"""Resource policies, recorded and returned. Enforcing them comes with IAM."""

from __future__ import annotations

import json
from dataclasses import replace

from owari.services.lambda_ import alias_rows, sql
from owari.services.lambda_.faults import conflict, invalid, not_found, precondition
from owari.services.lambda_.lookup import arn_of, existing_version, named
from owari.services.lambda_.model import Version
from owari.services.lambda_.names import LATEST, FunctionRef, is_alias
from owari.services.lambda_.policy import document, statement
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("lambda", "AddPermission")
def add_permission(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "AddPermission")
    version, qualifier = _target(tx, p, ref)
    if ref.qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    made = statement(p, arn_of(tx, ref))
    present = sql.statements(tx, version.name, qualifier)
    if any(old["Sid"] == made["Sid"] for old in present):
        raise conflict(
            f"The statement id ({made['Sid']}) provided already exists. Please provide a new"
            " statement id, or remove the existing statement."
        )
    document([*present, made])
    sql.add_statement(tx, version.name, qualifier, made)
    _new_revision(tx, version, qualifier)
    return {"Statement": json.dumps(made, separators=(",", ":"))}


@operation("lambda", "RemovePermission")
def remove_permission(tx: Tx, p: Params) -> Result:
    version, qualifier = _target(tx, p, named(tx, p, "RemovePermission"))
    if not sql.statements(tx, version.name, qualifier):
        raise not_found("No policy is associated with the given resource.")
    if not sql.remove_statement(tx, version.name, qualifier, p["StatementId"]):
        raise not_found(f"Statement {p['StatementId']} is not found in resource policy.")
    _new_revision(tx, version, qualifier)
    return None


@operation("lambda", "GetPolicy", reads=True)
def get_policy(tx: Tx, p: Params) -> Result:
    version, qualifier = _target(tx, p, named(tx, p, "GetPolicy"))
    present = sql.statements(tx, version.name, qualifier)
    if not present:
        raise not_found("The resource you requested does not exist.")
    return {"Policy": document(present), "RevisionId": version.revision}


def _target(tx: Tx, p: Params, ref: FunctionRef) -> tuple[Version, str]:
    """The version whose policy is meant, at the revision the caller expects, or an alias's first
    one under the alias's revision; the qualifier is empty for the function itself."""
    version = existing_version(tx, ref)
    alias = alias_rows.find(tx, ref.name, ref.qualifier or "")
    if alias is not None:
        version = replace(version, revision=alias.revision)
    if p.get("RevisionId") not in (None, "", version.revision):
        raise precondition(
            "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy API"
            " to retrieve the latest RevisionId"
        )
    return version, "" if ref.version == LATEST else ref.version


def _new_revision(tx: Tx, version: Version, qualifier: str) -> None:
    if qualifier and is_alias(qualifier):
        alias_rows.new_revision(tx, version.name, qualifier)
    else:
        sql.new_revision(tx, version.name, version.version)
