"""Whether a bucket policy or an ACL lets anyone at all in. Pure.

Sources: IAM User Guide, "Policy evaluation logic", "JSON policy elements: Condition operators";
S3 User Guide, "Access control list (ACL) overview", "Mapping of ACL permissions and access
policy permissions"; Service Authorization Reference, "Actions … for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

from owari.services.s3 import acl, policies

Params = Mapping[str, Any]
Document = Mapping[str, Any]


class Need(NamedTuple):
    """What an operation takes: an IAM action on the object or (`key` None) the bucket, or an ACL's
    `permission`, which an object's own ACL gives if `of_object` and else its bucket's."""

    action: str
    key: str | None
    permission: str | None = None
    of_object: bool = False


class Verdict(Enum):
    ALLOWED = auto()
    DENIED = auto()
    SILENT = auto()


_READ = {"GetObject", "HeadObject", "GetObjectAttributes"}
_WRITE = {
    "PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy",
    "CompleteMultipartUpload",
}  # fmt: skip
_BUCKET = {
    "ListObjects": ("s3:ListBucket", "READ"),
    "ListObjectsV2": ("s3:ListBucket", "READ"),
    "HeadBucket": ("s3:ListBucket", "READ"),
    "ListObjectVersions": ("s3:ListBucketVersions", "READ"),
    "ListMultipartUploads": ("s3:ListBucketMultipartUploads", "READ"),
    "GetBucketAcl": ("s3:GetBucketAcl", "READ_ACP"),
    "PutBucketAcl": ("s3:PutBucketAcl", "WRITE_ACP"),
}
_OBJECT = {
    "ListParts": ("s3:ListMultipartUploadParts", None),
    "GetObjectAcl": ("s3:GetObjectAcl", "READ_ACP"),
    "PutObjectAcl": ("s3:PutObjectAcl", "WRITE_ACP"),
}
LISTING = Need("s3:ListBucket", None, "READ")


def reads_object(operation: str) -> bool:
    return operation in _READ


def read_need(key: str, version: str | None) -> Need:
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    return Need(action, key, "READ", of_object=True)


def needs(operation: str, p: Params) -> list[Need]:
    """All of them must be met."""
    key = p.get("Key")
    if operation == "DeleteObjects":
        entries = (p.get("Delete") or {}).get("Objects") or []
        return [_delete_need(entry.get("Key", ""), entry.get("VersionId")) for entry in entries]
    if key is None:
        action, permission = _BUCKET.get(operation, (f"s3:{operation}", None))
        return [Need(action, None, permission)]
    if operation in _READ:
        return [read_need(key, p.get("VersionId"))]
    if operation in _WRITE:
        return [Need("s3:PutObject", key, "WRITE")]
    if operation == "DeleteObject":
        return [_delete_need(key, p.get("VersionId"))]
    action, permission = _OBJECT.get(operation, (f"s3:{operation}", None))
    return [Need(action, key, permission, of_object=True)]


def _delete_need(key: str, version: str | None) -> Need:
    return Need("s3:DeleteObjectVersion" if version else "s3:DeleteObject", key, "WRITE")


# ---- ACL
def granted(document: Document | None, permission: str) -> bool:
    grants = (document or {}).get("Grants") or []
    return any(
        grant["Grantee"].get("URI") == acl.ALL_USERS
        and grant["Permission"] in (permission, "FULL_CONTROL")
        for grant in grants
    )


# ---- policy
def judge(document: Document, action: str, resource: str, context: Mapping[str, str]) -> Verdict:
    """`context`: condition keys that are known, in lower case."""
    verdict = Verdict.SILENT
    for statement in policies.statements(document):
        denies = statement["Effect"] == "Deny"
        if _concerns(statement, action, resource) and _holds(statement, context, unknown=denies):
            if denies:
                return Verdict.DENIED
            verdict = Verdict.ALLOWED
    return verdict


def _concerns(statement: Document, action: str, resource: str) -> bool:
    return (
        _named(statement, "Principal", _is_anyone)
        and _named(statement, "Action", lambda p: _matches(p.lower(), action.lower()))
        and _named(statement, "Resource", lambda p: _matches(p, resource))
    )


def _named(statement: Document, element: str, fits: Any) -> bool:
    """`Action` or `NotAction` and their like."""
    if element in statement:
        return any(fits(value) for value in _flat(statement[element]))
    return not any(fits(value) for value in _flat(statement.get(f"Not{element}", ())))


def _flat(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        value = value.get("AWS", ())
    return value if isinstance(value, list | tuple) else (value,)


def _is_anyone(principal: Any) -> bool:
    return bool(principal == "*")


def _matches(pattern: str, text: str) -> bool:
    """`*` stands for anything, `?` for one character; in time proportional to both lengths."""
    at = place = 0
    star, mark = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, place, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            mark += 1
            at, place = star + 1, mark
        else:
            return False
    return all(c == "*" for c in pattern[at:])


def _holds(statement: Document, context: Mapping[str, str], *, unknown: bool) -> bool:
    """`unknown`: what a condition counts for that cannot be judged here. Nobody is let in by it,
    and somebody may be kept out."""
    conditions = statement.get("Condition") or {}
    return all(
        _test(operator, context.get(key.lower()), [str(v) for v in _flat(values)], unknown)
        for operator, tests in conditions.items()
        for key, values in tests.items()
    )


def _test(operator: str, given: str | None, values: list[str], unknown: bool) -> bool:
    name = operator.removesuffix("IfExists")
    if given is None:
        return unknown
    match name:
        case "StringEquals":
            return given in values
        case "StringNotEquals":
            return given not in values
        case "StringLike":
            return any(_matches(value, given) for value in values)
        case "StringNotLike":
            return not any(_matches(value, given) for value in values)
        case "Bool":
            return given in [value.lower() for value in values]
        case _:
            return unknown
