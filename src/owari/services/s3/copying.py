"""CopyObject, and what it shares with UploadPartCopy: finding the source, digests of a copy."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import unquote

from owari.services.s3 import announce, bodies, checksums, drafts, errors, rows, tags
from owari.services.s3.conditions import Conditions, check_copy_source, check_write
from owari.services.s3.core import Bucket, Content, Draft, Version
from owari.services.s3.names import check_key
from owari.services.s3.objects import shown_checksums
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


class Source(NamedTuple):
    bucket: str
    key: str
    version: str | None


def parse_source(text: Any) -> Source:
    """`bucket/key?versionId=…`, URL-encoded; boto3's dict form from other services."""
    if isinstance(text, dict):
        return Source(text["Bucket"], text["Key"], text.get("VersionId"))
    path, _, version = str(text).partition("?versionId=")
    bucket, slash, key = unquote(path).removeprefix("/").partition("/")
    if not (bucket and slash and key) or bucket.startswith("arn:"):
        raise errors.invalid_argument(
            "Invalid copy source object key", "x-amz-copy-source", str(text)
        )
    return Source(bucket, key, unquote(version) or None)


def open_source(tx: Tx, p: Params) -> tuple[Bucket, Version]:
    """What is copied, its conditions checked."""
    source = parse_source(p["CopySource"])
    asked: Params = {"Bucket": source.bucket, "Key": source.key}
    if p.get("ExpectedSourceBucketOwner") is not None:
        asked["ExpectedBucketOwner"] = p["ExpectedSourceBucketOwner"]
    bucket = rows.open_bucket(tx, asked)
    if source.version is not None:
        asked["VersionId"] = source.version
        named = rows.by_id(tx, bucket.name, source.key, source.version)
        if named is not None and named.marker:
            raise errors.invalid_request(
                "The source of a copy request may not specifically refer to a delete marker by"
                " version id."
            )
    version = rows.find(tx, bucket, asked)
    conditions = Conditions(
        p.get("CopySourceIfMatch"),
        p.get("CopySourceIfNoneMatch"),
        p.get("CopySourceIfModifiedSince"),
        p.get("CopySourceIfUnmodifiedSince"),
    )
    check_copy_source(conditions, version.content.etag, version.modified)
    drafts.check_customer_key(p, version.draft, prefix="CopySource")
    return bucket, version


@operation("s3", "CopyObject")
def copy_object(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    check_key(p["Key"], tx.limits)
    origin, source = open_source(tx, p)
    _check_size(source, tx.limits.object_put_max_bytes)
    _check_changes(p, source)
    draft = _draft(tx, p, bucket, source)
    content = _content(tx, p, source.content)
    before = rows.latest(tx, bucket.name, p["Key"])
    check_write(p.get("IfMatch"), p.get("IfNoneMatch"), rows.current_etag(before), p["Key"])
    stored = rows.add(tx, bucket, p["Key"], content, draft, before=before)
    announce.stored(tx, bucket, "ObjectCreated:Copy", stored)
    answer: dict[str, Any] = {
        "CopyObjectResult": {
            "ETag": stored.quoted_etag,
            "LastModified": stored.modified,
            **shown_checksums(content),
        },
        **drafts.echo(draft),
        **rows.shown_version(bucket, stored),
    }
    if origin.versioning:
        answer["CopySourceVersionId"] = source.id
    return answer


def _check_size(source: Version, most: int) -> None:
    if source.content.size > most:
        raise errors.invalid_request(
            "The specified copy source is larger than the maximum allowable size for a copy"
            f" source: {most}"
        )


_CHANGES = ("StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "SSEKMSKeyId",
            "SSECustomerAlgorithm")  # fmt: skip


def _check_changes(p: Params, source: Version) -> None:
    """An object may be copied to itself only to change something, or from an old version."""
    named = parse_source(p["CopySource"])
    if (named.bucket, named.key) != (p["Bucket"], p["Key"]) or named.version is not None:
        return
    replaced = "REPLACE" in (p.get("MetadataDirective"), p.get("TaggingDirective"))
    if not replaced and not any(p.get(name) is not None for name in _CHANGES):
        raise errors.invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself"
            " without changing the object's metadata, storage class, website redirect location"
            " or encryption attributes."
        )


def _directive(p: Params, name: str, header: str) -> bool:
    """True for REPLACE."""
    value = p.get(name) or "COPY"
    if value not in ("COPY", "REPLACE"):
        raise errors.invalid_argument(f"Unknown {header.split('-', 2)[2]}.", header, value)
    return bool(value == "REPLACE")


def _draft(tx: Tx, p: Params, bucket: Bucket, source: Version) -> Draft:
    fresh = drafts.draft_of(
        {**p, "Tagging": None} if "Tagging" in p else p, bucket, tx.account, tx.limits
    )
    headers, metadata, tagged = fresh.headers, fresh.metadata, source.draft.tags
    if not _directive(p, "MetadataDirective", "x-amz-metadata-directive"):
        kept = drafts.system_headers(source.draft.headers)
        headers = {**kept, **drafts.placement(p, bucket)}
        metadata = source.draft.metadata
    if _directive(p, "TaggingDirective", "x-amz-tagging-directive"):
        tagged = tags.from_header(p.get("Tagging"), tx.limits.object_tags_max)
    return Draft(headers, metadata, tagged, fresh.acl, tx.account)


def _content(tx: Tx, p: Params, source: Content) -> Content:
    """A copy has the digests of one whole object, unless reading it for them takes too long."""
    wanted = p.get("ChecksumAlgorithm")
    algorithm = checksums.algorithm_of(wanted) if wanted else next(iter(source.checksums), None)
    known = source.checksum_type == "FULL_OBJECT" and (
        algorithm is None or algorithm in source.checksums
    )
    if known and not source.parts:
        return source
    if source.size > bodies.COMPUTED_MAX_BYTES:
        return source
    etag, digests = digests_of(tx, source, algorithm)
    if not digests and known:
        digests = source.checksums
    return Content(source.size, etag, source.pieces, source.body, digests)


def digests_of(tx: Tx, content: Content, algorithm: str | None) -> tuple[str, dict[str, str]]:
    """MD5 (hex) and, where it can be computed, the checksum of content that is read for it."""
    etag = checksums.compute("md5", bodies.chunks(tx, content.pieces, content.body)).hex()
    if algorithm is None or not checksums.can_compute(algorithm):
        return etag, {}
    digest = checksums.compute(algorithm, bodies.chunks(tx, content.pieces, content.body))
    return etag, {algorithm: checksums.encode(digest)}
