"""Multipart uploads: create, upload parts, copy parts, complete, abort, list."""

from __future__ import annotations

import hashlib
from typing import Any

from owari.services.s3 import (
    announce,
    assembly,
    bodies,
    checksums,
    drafts,
    errors,
    paging,
    rows,
    uploads,
)
from owari.services.s3.conditions import check_write
from owari.services.s3.copying import digests_of, open_source
from owari.services.s3.core import Bucket, Content, Version, owner, version_seq
from owari.services.s3.listing import Encoder
from owari.services.s3.names import check_key
from owari.services.s3.objects import shown_checksums
from owari.services.s3.paging import Position, Query
from owari.services.s3.pieces import cut, join
from owari.services.s3.ranges import copy_span
from owari.services.s3.uploads import Upload
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("s3", "CreateMultipartUpload")
def create_multipart_upload(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    check_key(p["Key"], tx.limits)
    draft = drafts.draft_of(p, bucket, tx.account, tx.limits)
    algorithm, wanted = p.get("ChecksumAlgorithm"), p.get("ChecksumType")
    name = checksums.algorithm_of(algorithm) if algorithm else None
    if name is None and wanted is not None:
        raise errors.invalid_request(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm"
            " header."
        )
    kind = checksums.type_of(name, wanted) if name else "FULL_OBJECT"
    upload = uploads.start(tx, bucket.name, p["Key"], draft, name, kind)
    answer = {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.id,
        **drafts.echo(draft),
    }
    return answer | _checksum_plan(upload)


def _checksum_plan(upload: Upload) -> dict[str, str]:
    if upload.plan.algorithm is None:
        return {}
    return {
        "ChecksumAlgorithm": upload.plan.algorithm.upper(),
        "ChecksumType": upload.plan.checksum_type,
    }


# ---- parts
@operation("s3", "UploadPart")
def upload_part(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    assembly.check_number(p["PartNumber"], tx.limits)
    upload = uploads.open_upload(tx, bucket.name, p)
    content = bodies.content_of(bodies.received(p, tx.limits.object_put_max_bytes))
    drafts.check_customer_key(p, upload.draft)
    assembly.check_algorithm(upload.plan, content.checksums)
    uploads.put_part(tx, upload, p["PartNumber"], content)
    return {
        "ETag": f'"{content.etag}"',
        **checksums.members(content.checksums),
        **drafts.echo(upload.draft),
    }


@operation("s3", "UploadPartCopy")
def upload_part_copy(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    assembly.check_number(p["PartNumber"], tx.limits)
    upload = uploads.open_upload(tx, bucket.name, p)
    origin, source = open_source(tx, p)
    content = _part_of(tx, source, p.get("CopySourceRange"), upload.plan.algorithm)
    if content.size > tx.limits.object_put_max_bytes:
        raise errors.entity_too_large(content.size, tx.limits.object_put_max_bytes)
    uploads.put_part(tx, upload, p["PartNumber"], content)
    result = {
        "ETag": f'"{content.etag}"',
        "LastModified": tx.now,
        **checksums.members(content.checksums),
    }
    answer: dict[str, Any] = {"CopyPartResult": result, **drafts.echo(upload.draft)}
    if origin.versioning:
        answer["CopySourceVersionId"] = source.id
    return answer


def _part_of(tx: Tx, source: Version, header: str | None, algorithm: str | None) -> Content:
    """A range of an object: the same bytes, not a copy of them."""
    whole = source.content
    span = copy_span(header, whole.size)
    pieces, body = join([(cut(whole.pieces, span.start, span.length), whole.body)])
    part = Content(span.length, "", pieces, body)
    if span.length <= bodies.COMPUTED_MAX_BYTES:
        etag, digests = digests_of(tx, part, algorithm)
    elif span.length == whole.size and not whole.parts:
        etag = whole.etag
        digests = {name: v for name, v in whole.checksums.items() if name == algorithm}
    else:
        # Reading so much would hold up everyone. An entity tag need only tell this range of
        # this source from others; AWS promises no more of it.
        text = f"{whole.etag} {source.bucket} {source.key} {span.start} {span.length}"
        etag, digests = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), {}
    return Content(span.length, etag, pieces, body, digests)


# ---- complete, abort
@operation("s3", "CompleteMultipartUpload")
def complete_multipart_upload(tx: Tx, p: Params) -> Result:
    """Completing again what was completed answers the same, as long as the object is there."""
    bucket = rows.open_bucket(tx, p)
    before = rows.latest(tx, bucket.name, p["Key"])
    upload = uploads.find(tx, bucket.name, p["Key"], p["UploadId"])
    if upload is None:
        if before is not None and before.upload == p["UploadId"]:
            return _completed(tx, bucket, before)
        raise errors.no_such_upload(p["UploadId"])
    parts = {part.number: part for part in uploads.parts_of(tx, upload)}
    named = (p.get("MultipartUpload") or {}).get("Parts") or []
    chosen = assembly.chosen(named, parts, upload.plan, tx.limits)
    content = assembly.assemble(chosen, upload.plan)
    assembly.check_claims(p, content)
    check_write(p.get("IfMatch"), p.get("IfNoneMatch"), rows.current_etag(before), p["Key"])
    uploads.close(tx, upload)
    stored = rows.add(
        tx,
        bucket,
        upload.key,
        content,
        upload.draft,
        before=before,
        upload=upload.id,
        let_go=[part.pieces for part in parts.values()],
    )
    announce.stored(tx, bucket, "ObjectCreated:CompleteMultipartUpload", stored)
    return _completed(tx, bucket, stored)


def _completed(tx: Tx, bucket: Bucket, stored: Version) -> dict[str, Any]:
    return {
        "Location": f"{tx.endpoint}/{bucket.name}/{paging.url_encode(stored.key)}",
        "Bucket": bucket.name,
        "Key": stored.key,
        "ETag": stored.quoted_etag,
        **shown_checksums(stored.content),
        **drafts.echo(stored.draft),
        **rows.shown_version(bucket, stored),
    }


@operation("s3", "AbortMultipartUpload")
def abort_multipart_upload(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    abort(tx, uploads.open_upload(tx, bucket.name, p))
    return {}


def abort(tx: Tx, upload: Upload) -> None:
    rows.change_references(tx, [], [part.pieces for part in uploads.parts_of(tx, upload)])
    uploads.close(tx, upload)


# ---- list
@operation("s3", "ListParts", reads=True)
def list_parts(tx: Tx, p: Params) -> Result:
    bucket = rows.open_bucket(tx, p)
    upload = uploads.open_upload(tx, bucket.name, p)
    most = paging.most_of(p.get("MaxParts"), "max-parts")
    marker = p.get("PartNumberMarker") or 0
    found = uploads.parts_of(tx, upload, marker, most + 1)
    shown = found[:most]
    return {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.id,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": most,
        "IsTruncated": bool(shown) and len(found) > len(shown),
        "Parts": [
            {
                "PartNumber": part.number,
                "LastModified": part.modified,
                "ETag": f'"{part.etag}"',
                "Size": part.size,
                **checksums.members(part.checksums),
            }
            for part in shown
        ],
        "Initiator": owner(upload.account),
        "Owner": owner(upload.account),
        "StorageClass": upload.storage_class,
        **_checksum_plan(upload),
    }


@operation("s3", "ListMultipartUploads", reads=True)
def list_multipart_uploads(tx: Tx, p: Params) -> Result:
    bucket, encode = rows.open_bucket(tx, p), Encoder(p)
    most = paging.most_of(p.get("MaxUploads"), "max-uploads")
    query = Query(
        prefix=p.get("Prefix") or "",
        delimiter=p.get("Delimiter") or "",
        start=_uploads_start(p),
        marker=p.get("KeyMarker") or "",
        most=most,
    )
    page = paging.walk(query, lambda at: uploads.walk_from(tx, bucket.name, at))
    return {
        "Bucket": bucket.name,
        "KeyMarker": encode(p.get("KeyMarker") or ""),
        "UploadIdMarker": p.get("UploadIdMarker") or "",
        "Prefix": encode(query.prefix),
        "MaxUploads": most,
        "IsTruncated": page.truncated,
        "Uploads": [_upload_entry(upload, encode) for upload in page.items],
        "CommonPrefixes": encode.prefixes(page),
        **encode.some(p, "Delimiter"),
        **encode.closing(page, "NextUploadIdMarker"),
    }


def _uploads_start(p: Params) -> Position:
    """The upload id marker counts only with a key marker."""
    key, id = p.get("KeyMarker"), p.get("UploadIdMarker")
    if not key:
        return paging.BEGINNING
    seq = version_seq(id) if id else None
    return paging.after_key(key) if seq is None else Position(key, seq + 1)


def _upload_entry(upload: Upload, encode: Encoder) -> dict[str, Any]:
    return {
        "UploadId": upload.id,
        "Key": encode(upload.key),
        "Initiated": upload.initiated,
        "StorageClass": upload.storage_class,
        "Owner": owner(upload.account),
        "Initiator": owner(upload.account),
        **_checksum_plan(upload),
    }
