from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from owari.services.s3.copying import Source, parse_source
from tests.services.s3.support import Api, refused

LARGE = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("bkt/k", Source("bkt", "k", None)),
        ("/bkt/a/b", Source("bkt", "a/b", None)),
        ("bkt/a%20b%2Bc+d", Source("bkt", "a b+c+d", None)),
        ("bkt%2Fk", Source("bkt", "k", None)),
        ("bkt/k?versionId=null", Source("bkt", "k", "null")),
        ({"Bucket": "bkt", "Key": "k"}, Source("bkt", "k", None)),
    ],
)
def test_sources(text: Any, source: Source) -> None:
    assert parse_source(text) == source


@pytest.mark.parametrize("text", ["", "bkt", "bkt/", "/", "arn:aws:s3:us-east-1:1:accesspoint/a"])
def test_bad_sources(text: str) -> None:
    with refused("InvalidArgument", 400):
        parse_source(text)


def copy(s3: Api, source: str, key: str, **params: Any) -> dict[str, Any]:
    return s3.CopyObject(Bucket="bkt", Key=key, CopySource=f"bkt/{source}", **params)


def test_a_copy_shares_the_blob(s3: Api) -> None:
    etag = s3.put("a", LARGE, Metadata={"x": "1"}, ContentType="text/plain", Tagging="t=1")["ETag"]
    result = copy(s3, "a", "b")["CopyObjectResult"]
    assert result == {"ETag": etag, "LastModified": s3.world.clock.now()}
    assert s3.get("b") == LARGE
    assert list(s3.references().values()) == [2]
    answer = s3.HeadObject(Bucket="bkt", Key="b")
    assert answer["Metadata"] == {"x": "1"}
    assert (answer["ContentType"], answer["TagCount"]) == ("text/plain", 1)
    s3.DeleteObject(Bucket="bkt", Key="a")
    assert s3.get("b") == LARGE
    s3.DeleteObject(Bucket="bkt", Key="b")
    assert s3.references() == {}


def test_directives(s3: Api) -> None:
    s3.put("a", b"1", Metadata={"x": "1"}, Tagging="t=1", StorageClass="GLACIER_IR")
    copy(s3, "a", "b", MetadataDirective="REPLACE", Metadata={"y": "2"}, ContentType="a/b")
    answer = s3.HeadObject(Bucket="bkt", Key="b")
    assert (answer["Metadata"], answer["ContentType"]) == ({"y": "2"}, "a/b")
    assert answer["TagCount"] == 1 and "StorageClass" not in answer
    copy(s3, "a", "b", TaggingDirective="REPLACE", Tagging="u=2&v=3")
    assert s3.GetObjectTagging(Bucket="bkt", Key="b")["TagSet"] == [
        {"Key": "u", "Value": "2"},
        {"Key": "v", "Value": "3"},
    ]
    copy(s3, "a", "b", Tagging="ignored=1")
    assert s3.GetObjectTagging(Bucket="bkt", Key="b")["TagSet"] == [{"Key": "t", "Value": "1"}]
    with refused("InvalidArgument", 400, ArgumentName="x-amz-metadata-directive"):
        copy(s3, "a", "b", MetadataDirective="MERGE")


def test_onto_itself_only_to_change_something(s3: Api) -> None:
    s3.put("a", b"1", Metadata={"x": "1"})
    with refused("InvalidRequest", 400):
        copy(s3, "a", "a")
    copy(s3, "a", "a", StorageClass="STANDARD_IA")
    assert s3.HeadObject(Bucket="bkt", Key="a")["StorageClass"] == "STANDARD_IA"
    copy(s3, "a", "a", MetadataDirective="REPLACE", Metadata={"z": "9"})
    assert s3.HeadObject(Bucket="bkt", Key="a")["Metadata"] == {"z": "9"}


def test_an_old_version_is_brought_back(s3: Api) -> None:
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put("a", b"old")["VersionId"]
    s3.put("a", b"new")
    answer = copy(s3, f"a?versionId={old}", "a")
    assert answer["CopySourceVersionId"] == old != answer["VersionId"]
    assert s3.get("a") == b"old"
    marker = s3.DeleteObject(Bucket="bkt", Key="a")["VersionId"]
    with refused("NoSuchKey", 404):
        copy(s3, "a", "b")
    with refused("InvalidRequest", 400):
        copy(s3, f"a?versionId={marker}", "b")


def test_conditions(s3: Api) -> None:
    etag = s3.put("a", b"1")["ETag"]
    copy(s3, "a", "b", CopySourceIfMatch=etag, IfNoneMatch="*")
    with refused("PreconditionFailed", 412, Condition="If-None-Match"):
        copy(s3, "a", "b", IfNoneMatch="*")
    with refused("PreconditionFailed", 412, Condition="x-amz-copy-source-If-None-Match"):
        copy(s3, "a", "b", CopySourceIfNoneMatch=etag)
    with refused("PreconditionFailed", 412):
        copy(s3, "a", "b", CopySourceIfModifiedSince=s3.world.clock.now())


def test_missing_sources(s3: Api) -> None:
    with refused("NoSuchKey", 404, Key="nope"):
        copy(s3, "nope", "b")
    with refused("NoSuchBucket", 404, BucketName="nope"):
        s3.CopyObject(Bucket="bkt", Key="b", CopySource="nope/k")
    s3.limit(object_put_max_bytes=2)
    s3.put("a", b"12")
    s3.limit(object_put_max_bytes=1)
    with refused("InvalidRequest", 400):
        copy(s3, "a", "b")


def test_another_checksum_is_computed(s3: Api) -> None:
    s3.PutObject(Bucket="bkt", Key="a", Body=s3.upload(LARGE, "crc32"))
    crc = base64.b64encode(zlib.crc32(LARGE).to_bytes(4, "big")).decode()
    sha = base64.b64encode(hashlib.sha256(LARGE).digest()).decode()
    assert copy(s3, "a", "b")["CopyObjectResult"]["ChecksumCRC32"] == crc
    result = copy(s3, "a", "c", ChecksumAlgorithm="SHA256")["CopyObjectResult"]
    assert result["ChecksumSHA256"] == sha and "ChecksumCRC32" not in result
