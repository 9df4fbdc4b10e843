"""ListObjects, ListObjectsV2, ListObjectVersions."""

from __future__ import annotations

from typing import Any

from owari.services.s3 import checksums, errors, paging, rows
from owari.services.s3.core import Bucket, Version, version_seq
from owari.services.s3.paging import Page, Position, Query
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


class Encoder:
    """Keys of an answer, URL-encoded if the request says so."""

    def __init__(self, p: Params) -> None:
        paging.check_encoding_type(p.get("EncodingType"))
        self.url = p.get("EncodingType") == "url"

    def __call__(self, text: str) -> str:
        return paging.url_encode(text) if self.url else text

    def some(self, p: Params, *names: str) -> dict[str, Any]:
        """The parameters that were given, repeated."""
        return {name: self(p[name]) for name in names if p.get(name)}

    def prefixes(self, page: Page[Any]) -> list[dict[str, str]]:
        return [{"Prefix": self(prefix)} for prefix in page.prefixes]

    def closing(self, page: Page[Any], marker: str) -> dict[str, str]:
        """How an answer with two markers ends: where to go on, and that keys are encoded.

        `marker` names the second one, the id of the last item.
        """
        end = {"EncodingType": "url"} if self.url else {}
        if page.truncated and page.last is not None:
            end["NextKeyMarker"] = self(page.last)
            if page.items and page.last == page.items[-1].key:
                end[marker] = page.items[-1].id
        return end


def entry(version: Version, encode: Encoder, *, with_owner: bool) -> dict[str, Any]:
    content = version.content
    made: dict[str, Any] = {
        "Key": encode(version.key),
        "LastModified": version.modified,
        "ETag": version.quoted_etag,
        "Size": content.size,
        "StorageClass": version.storage_class,
    }
    if content.checksums:
        made["ChecksumAlgorithm"] = checksums.names(content.checksums)
        made["ChecksumType"] = content.checksum_type
    if with_owner:
        made["Owner"] = rows.owner_of(version)
    return made


def _walk(tx: Tx, bucket: Bucket, query: Query) -> Page[Version]:
    return paging.walk(query, lambda at: rows.current_from(tx, bucket.name, at))


@operation("s3", "ListObjects", reads=True)
def list_objects(tx: Tx, p: Params) -> Result:
    bucket, encode = rows.open_bucket(tx, p), Encoder(p)
    most = paging.most_of(p.get("MaxKeys"), "maxKeys")
    marker = p.get("Marker") or ""
    query = Query(
        prefix=p.get("Prefix") or "",
        delimiter=p.get("Delimiter") or "",
        start=paging.after_key(marker) if marker else paging.BEGINNING,
        marker=marker,
        most=most,
    )
    page = _walk(tx, bucket, query)
    answer: dict[str, Any] = {
        "IsTruncated": page.truncated,
        "Marker": encode(marker),
        "Contents": [entry(v, encode, with_owner=True) for v in page.items],
        "Name": bucket.name,
        "Prefix": encode(query.prefix),
        "MaxKeys": most,
        "CommonPrefixes": encode.prefixes(page),
        **encode.some(p, "Delimiter"),
    }
    if encode.url:
        answer["EncodingType"] = "url"
    # S3 names the next marker only with a delimiter: else it is the last key listed.
    if page.truncated and query.delimiter and page.last is not None:
        answer["NextMarker"] = encode(page.last)
    return answer


@operation("s3", "ListObjectsV2", reads=True)
def list_objects_v2(tx: Tx, p: Params) -> Result:
    bucket, encode = rows.open_bucket(tx, p), Encoder(p)
    most = paging.most_of(p.get("MaxKeys"), "maxKeys")
    query = Query(
        prefix=p.get("Prefix") or "",
        delimiter=p.get("Delimiter") or "",
        start=_start(p),
        most=most,
    )
    page = _walk(tx, bucket, query)
    with_owner = bool(p.get("FetchOwner"))
    answer: dict[str, Any] = {
        "IsTruncated": page.truncated,
        "Contents": [entry(v, encode, with_owner=with_owner) for v in page.items],
        "Name": bucket.name,
        "Prefix": encode(query.prefix),
        "MaxKeys": most,
        "CommonPrefixes": encode.prefixes(page),
        "KeyCount": page.count,
        **encode.some(p, "Delimiter", "StartAfter"),
    }
    if encode.url:
        answer["EncodingType"] = "url"
    if p.get("ContinuationToken") is not None:
        answer["ContinuationToken"] = p["ContinuationToken"]
    if page.truncated and page.resume is not None:
        answer["NextContinuationToken"] = paging.token_of(_key_start(page.resume))
    return answer


def _key_start(at: Position) -> Position:
    """Behind a key: at the first key after it, as a key has one row here."""
    return at if at.order == paging.FIRST else paging.after_key(at.key)


def _start(p: Params) -> Position:
    """A continuation token has precedence over StartAfter."""
    token, after = p.get("ContinuationToken"), p.get("StartAfter")
    if token is not None:
        return paging.position_of(token)
    return paging.after_key(after) if after else paging.BEGINNING


# ---- versions
@operation("s3", "ListObjectVersions", reads=True)
def list_object_versions(tx: Tx, p: Params) -> Result:
    bucket, encode = rows.open_bucket(tx, p), Encoder(p)
    most = paging.most_of(p.get("MaxKeys"), "maxKeys")
    query = Query(
        prefix=p.get("Prefix") or "",
        delimiter=p.get("Delimiter") or "",
        start=_versions_start(tx, bucket, p),
        marker=p.get("KeyMarker") or "",
        most=most,
    )
    page = paging.walk(query, lambda at: rows.versions_from(tx, bucket.name, at))
    return {
        "IsTruncated": page.truncated,
        "KeyMarker": encode(p.get("KeyMarker") or ""),
        "VersionIdMarker": p.get("VersionIdMarker") or "",
        "Name": bucket.name,
        "Prefix": encode(query.prefix),
        "MaxKeys": most,
        "CommonPrefixes": encode.prefixes(page),
        **encode.some(p, "Delimiter"),
        **_entries(tx, page, encode),
        **encode.closing(page, "NextVersionIdMarker"),
    }


def _versions_start(tx: Tx, bucket: Bucket, p: Params) -> Position:
    key, version = p.get("KeyMarker"), p.get("VersionIdMarker")
    if version and not key:
        raise errors.invalid_argument(
            "A version-id marker cannot be specified without a key marker.",
            "version-id-marker",
            version,
        )
    if not key:
        return paging.BEGINNING
    if not version:
        return paging.after_key(key)
    found = rows.by_id(tx, bucket.name, key, version)
    seq = found.seq if found else version_seq(version)
    return Position(key, 1 - seq) if seq is not None else paging.after_key(key)


def _entries(tx: Tx, page: Page[Version], encode: Encoder) -> dict[str, Any]:
    versions, markers = [], []
    previous = ""
    for version in page.items:
        first = version.key != previous
        previous = version.key
        place = {"VersionId": version.id, "IsLatest": first and _is_latest(tx, version)}
        if version.marker:
            markers.append(
                {
                    "Owner": rows.owner_of(version),
                    "Key": encode(version.key),
                    "LastModified": version.modified,
                    **place,
                }
            )
        else:
            versions.append(entry(version, encode, with_owner=True) | place)
    return {"Versions": versions, "DeleteMarkers": markers}


def _is_latest(tx: Tx, version: Version) -> bool:
    """A page may begin within a key's history."""
    newer = tx.one(
        "SELECT 1 FROM s3_object WHERE bucket = ? AND key = ? AND seq > ? LIMIT 1",
        version.bucket,
        version.key,
        version.seq,
    )
    return newer is None
