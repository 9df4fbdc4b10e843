"""PutObject, GetObject, HeadObject."""

from __future__ import annotations

from typing import Any

from owari.services.s3 import announce, bodies, checksums, drafts, rows
from owari.services.s3.conditions import Conditions, check_read, check_write
from owari.services.s3.core import Bucket, Content, Version
from owari.services.s3.errors import header_not_implemented, invalid_request
from owari.services.s3.names import check_key
from owari.services.s3.ranges import Span, part_span, span_of
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


# ---- put
@operation("s3", "PutObject")
def put_object(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    check_key(p["Key"], tx.limits)
    if p.get("WriteOffsetBytes") is not None:
        raise header_not_implemented("x-amz-write-offset-bytes")
    upload = bodies.received(p, tx.limits.object_put_max_bytes)
    draft = drafts.draft_of(p, bucket, tx.account, tx.limits)
    before = rows.latest(tx, bucket.name, p["Key"])
    check_write(p.get("IfMatch"), p.get("IfNoneMatch"), rows.current_etag(before), p["Key"])
    stored = rows.add(tx, bucket, p["Key"], bodies.content_of(upload), draft, before=before)
    announce.stored(tx, bucket, f"ObjectCreated:{'Post' if upload.form else 'Put'}", stored)
    return {
        "ETag": stored.quoted_etag,
        **shown_checksums(stored.content),
        **drafts.echo(draft),
        **rows.shown_version(bucket, stored),
    }


def shown_checksums(content: Content) -> dict[str, str]:
    if not content.checksums:
        return {}
    return {**checksums.members(content.checksums), "ChecksumType": content.checksum_type}


# ---- get, head
@operation("s3", "GetObject", reads=True)
def get_object(tx: Tx, p: Params) -> Result:
    version, span, answer = _read(tx, p, "GET")
    return {"Body": bodies.body_of(tx, version.content, span.start, span.length), **answer}


@operation("s3", "HeadObject", reads=True)
def head_object(tx: Tx, p: Params) -> Result:
    return _read(tx, p, "HEAD")[2]


def _read(tx: Tx, p: Params, method: str) -> tuple[Version, Span, dict[str, Any]]:
    bucket = rows.open_bucket(tx, p)
    version = rows.find(tx, bucket, p, method=method)
    _check_conditions(p, bucket, version)
    drafts.check_customer_key(p, version.draft)
    span = _span(p, version.content)
    return version, span, _described(p, bucket, version, span)


def _check_conditions(p: Params, bucket: Bucket, version: Version) -> None:
    headers = {"ETag": version.quoted_etag}
    if bucket.versioning:
        headers["x-amz-version-id"] = version.id
    conditions = Conditions(
        p.get("IfMatch"),
        p.get("IfNoneMatch"),
        p.get("IfModifiedSince"),
        p.get("IfUnmodifiedSince"),
    )
    check_read(conditions, version.content.etag, version.modified, headers)


def _span(p: Params, content: Content) -> Span:
    number, header = p.get("PartNumber"), p.get("Range")
    if number is None:
        return span_of(header, content.size)
    if header is not None:
        raise invalid_request("Cannot specify both Range header and partNumber query parameter")
    return part_span(number, [size for size, _ in content.parts], content.size)


def _described(p: Params, bucket: Bucket, version: Version, span: Span) -> dict[str, Any]:
    content, draft = version.content, version.draft
    answer = {
        **draft.headers,
        "AcceptRanges": "bytes",
        "LastModified": version.modified,
        "ContentLength": span.length,
        "ETag": version.quoted_etag,
        "Metadata": draft.metadata,
        **rows.shown_version(bucket, version),
    }
    if span.partial:
        answer["ContentRange"] = span.content_range
    if span.part is not None:
        answer["PartsCount"] = len(content.parts)
    if draft.tags:
        answer["TagCount"] = len(draft.tags)
    if p.get("ChecksumMode") == "ENABLED":
        answer.update(_verifiable(content, span))
    for parameter, member in _OVERRIDES.items():
        if p.get(parameter) is not None:
            answer[member] = p[parameter]
    return answer


def _verifiable(content: Content, span: Span) -> dict[str, str]:
    """The checksums of what is sent: all of it, or one part."""
    if span.part is not None:
        sums = content.parts[span.part][1]
        return {**checksums.members(sums), "ChecksumType": content.checksum_type} if sums else {}
    return {} if span.length < content.size else shown_checksums(content)
