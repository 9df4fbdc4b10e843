"""A caller without credentials: let in where a policy or an ACL lets everyone in."""

from __future__ import annotations

from typing import Any

from owari.services.s3 import anyone, errors, policies, rows, settings
from owari.services.s3.anyone import LISTING, Need, Verdict
from owari.services.s3.copying import parse_source
from owari.services.s3.core import Bucket, Version
from owari.store.tx import Tx
from owari.wire.operation import Params, guards


@guards("s3")
def check_anyone(tx: Tx, operation: str, p: Params) -> None:
    """Raises AccessDenied, or NoSuchBucket: that a bucket does not exist is no secret."""
    if "Bucket" not in p or operation == "CreateBucket":
        raise errors.access_denied()
    judge = _Judge(tx, rows.open_bucket(tx, p), p)
    if not all(judge.meets(need) for need in anyone.needs(operation, p)):
        raise errors.access_denied()
    if anyone.reads_object(operation) and judge.object_of(p) is None and not judge.meets(LISTING):
        raise errors.access_denied()  # whether a key exists is for those to know who may list
    if p.get("CopySource") is not None:
        _check_source(tx, p)


def _check_source(tx: Tx, p: Params) -> None:
    source = parse_source(p["CopySource"])
    asked: Params = {"Bucket": source.bucket, "Key": source.key, "VersionId": source.version}
    judge = _Judge(tx, rows.open_bucket(tx, asked), asked)
    if not judge.meets(anyone.read_need(source.key, source.version)):
        raise errors.access_denied()


class _Judge:
    """What one bucket says about anyone."""

    def __init__(self, tx: Tx, bucket: Bucket, p: Params) -> None:
        self.tx = tx
        self.bucket = bucket
        self.p = p
        block = settings.lookup(tx, bucket.name, "public-access") or {}
        self.acls = bucket.acls_enabled and not block.get("IgnorePublicAcls")
        self.policy = self._policy(block)

    def _policy(self, block: dict[str, bool]) -> dict[str, Any] | None:
        text = settings.lookup(self.tx, self.bucket.name, "policy")
        if text is None:
            return None
        document = policies.parse(text, self.bucket.name)
        closed = block.get("RestrictPublicBuckets") and policies.is_public(document)
        return None if closed else document

    def meets(self, need: Need) -> bool:
        verdict = Verdict.SILENT
        if self.policy is not None:
            resource = self.bucket.arn if need.key is None else f"{self.bucket.arn}/{need.key}"
            verdict = anyone.judge(self.policy, need.action, resource, self._context())
        if verdict is Verdict.SILENT and self.acls and need.permission is not None:
            return anyone.granted(self._acl(need), need.permission)
        return verdict is Verdict.ALLOWED

    def _acl(self, need: Need) -> dict[str, Any] | None:
        if need.of_object:
            version = self.object_of(self.p)
            return None if version is None else version.draft.acl
        found: dict[str, Any] | None = settings.lookup(self.tx, self.bucket.name, "acl")
        return found

    def object_of(self, p: Params) -> Version | None:
        key, id = p["Key"], p.get("VersionId")
        if id is not None:
            return rows.by_id(self.tx, self.bucket.name, key, id)
        found = rows.latest(self.tx, self.bucket.name, key)
        return None if found is None or found.marker else found

    def _context(self) -> dict[str, str]:
        """Condition keys; whether the transport is secure a proxy knows, and we do not."""
        known = {"aws:principaltype": "Anonymous"}
        for name in ("Prefix", "Delimiter"):
            known[f"s3:{name.lower()}"] = self.p.get(name) or ""
        if self.p.get("ACL"):
            known["s3:x-amz-acl"] = self.p["ACL"]
        return known
