"""Published versions: `$LATEST` as it was, under a number, never changed again."""

from __future__ import annotations

from dataclasses import replace

from owari.services.lambda_ import sql
from owari.services.lambda_.faults import invalid, precondition
from owari.services.lambda_.lookup import existing_function, existing_version, named
from owari.services.lambda_.model import Version, code_sha256, describe, describe_in_list
from owari.services.lambda_.names import LATEST, FunctionRef
from owari.services.lambda_.paging import page_of
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

PAGE_MAX = 50


def publish(tx: Tx, latest: Version, description: str | None = None) -> Version:
    """The new version, or the last one if nothing has changed since it was published: another
    description, which only the version would have, is no change."""
    last = sql.versions(tx, latest.name)[-1]
    unchanged = last.deployed == latest.deployed or last.content == latest.content
    if last.version != LATEST and unchanged:
        return last
    if description is not None:
        latest = replace(latest, config=latest.config | {"Description": description})
    number = sql.next_version(tx, latest.name)
    made = replace(latest, version=number, revision=tx.new_id(), modified=tx.now)
    sql.add_version(tx, made)
    return made


@operation("lambda", "PublishVersion")
def publish_version(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "PublishVersion")
    latest = existing_version(tx, FunctionRef(ref.name, None))
    if p.get("RevisionId") not in (None, "", latest.revision):
        raise precondition(
            "The Revision Id provided does not match the latest Revision Id. Call the"
            " GetFunction/GetAlias API to retrieve the latest Revision Id"
        )
    present = code_sha256(latest.source)
    if p.get("CodeSha256") not in (None, "", present):
        raise invalid(
            f"CodeSHA256 ({p['CodeSha256']}) is different from current CodeSHA256 in $LATEST"
            f" ({present}). Please try again with the CodeSHA256 in $LATEST."
        )
    return describe(publish(tx, latest, p.get("Description") or None))


@operation("lambda", "ListVersionsByFunction", reads=True)
def list_versions_by_function(tx: Tx, p: Params) -> Result:
    ref = named(tx, p, "ListVersionsByFunction")
    existing_function(tx, ref)
    found = [describe_in_list(v, qualified=True) for v in sql.versions(tx, ref.name)]
    page, more = page_of(found, p, PAGE_MAX)
    return {"Versions": page, **more}
