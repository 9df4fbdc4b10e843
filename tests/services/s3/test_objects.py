from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from owari.kernel import Context
from tests.services.s3.support import Api, read, refused

LARGE = bytes(range(256)) * 40  # 10 KiB: lies in a blob


@pytest.mark.parametrize("data", [b"", b"hello", LARGE])
def test_what_is_put_is_got(s3: Api, data: bytes) -> None:
    etag = f'"{hashlib.md5(data).hexdigest()}"'
    assert s3.put("k/é", data) == {"ETag": etag, "ServerSideEncryption": "AES256"}
    answer = s3.GetObject(Bucket="bkt", Key="k/é")
    assert read(answer.pop("Body")) == data
    assert answer == {
        "AcceptRanges": "bytes",
        "ContentLength": len(data),
        "ContentType": "binary/octet-stream",
        "ETag": etag,
        "LastModified": s3.world.clock.now(),
        "Metadata": {},
        "ServerSideEncryption": "AES256",
    }
    assert s3.HeadObject(Bucket="bkt", Key="k/é") == answer


def test_a_missing_body_is_empty_and_text_is_encoded(s3: Api) -> None:
    s3.PutObject(Bucket="bkt", Key="k")
    assert s3.get("k") == b""
    s3.PutObject(Bucket="bkt", Key="k", Body="é")
    assert s3.get("k") == "é".encode()


def test_nothing_there(s3: Api) -> None:
    with refused("NoSuchKey", 404, Key="nope"):
        s3.get("nope")
    with refused("NoSuchBucket", 404, BucketName="nope"):
        s3.get("k", bucket="nope")
    with refused("NoSuchBucket", 404):
        s3.put("k", bucket="nope")
    with refused("AccessDenied", 403):
        s3.put("k", ExpectedBucketOwner="111111111111")
    s3.put("k", ExpectedBucketOwner="000000000000")


def test_headers_and_metadata_come_back(s3: Api) -> None:
    headers: dict[str, Any] = {
        "CacheControl": "no-cache",
        "ContentDisposition": "attachment",
        "ContentLanguage": "en",
        "ContentType": "text/plain",
        "Expires": 2e9,
        "StorageClass": "STANDARD_IA",
        "WebsiteRedirectLocation": "/other",
    }
    s3.put("k", ContentEncoding="gzip,aws-chunked", Metadata={"One": "1", "two": "é"}, **headers)
    answer = s3.HeadObject(Bucket="bkt", Key="k")
    assert headers.items() <= answer.items()
    assert answer["ContentEncoding"] == "gzip"
    assert answer["Metadata"] == {"one": "1", "two": "é"}
    shown = s3.HeadObject(
        Bucket="bkt", Key="k", ResponseContentType="x/y", ResponseCacheControl="c"
    )
    assert (shown["ContentType"], shown["CacheControl"]) == ("x/y", "c")


def test_bounds(s3: Api) -> None:
    s3.put("k", Metadata={"a": "x" * 2047})
    with refused("MetadataTooLarge", 400, Size="2049", MaxSizeAllowed="2048"):
        s3.put("k", Metadata={"a": "x" * 2048})
    with refused("KeyTooLongError", 400):
        s3.put("k" * 1025)
    with refused("KeyTooLongError", 400):
        s3.get("k" * 1025)
    s3.limit(object_put_max_bytes=4)
    with refused("EntityTooLarge", 400, ProposedSize="5", MaxSizeAllowed="4"):
        s3.put("k", b"12345")
    with refused("InvalidStorageClass", 400):
        s3.put("k", StorageClass="CELLAR")
    with refused("InvalidRequest", 400):
        s3.put("k", ObjectLockMode="GOVERNANCE")


def test_ranges(s3: Api) -> None:
    s3.put("k", LARGE)
    answer = s3.GetObject(Bucket="bkt", Key="k", Range="bytes=5-2005")
    assert read(answer["Body"]) == LARGE[5:2006]
    assert answer["ContentRange"] == f"bytes 5-2005/{len(LARGE)}"
    assert answer["ContentLength"] == 2001
    assert s3.get("k", Range="bytes=-7") == LARGE[-7:]
    assert s3.HeadObject(Bucket="bkt", Key="k", Range="bytes=0-0")["ContentLength"] == 1
    with refused("InvalidRange", 416):
        s3.get("k", Range=f"bytes={len(LARGE)}-")
    whole = s3.GetObject(Bucket="bkt", Key="k", PartNumber=1)
    assert whole["ContentRange"] == f"bytes 0-{len(LARGE) - 1}/{len(LARGE)}"
    assert "PartsCount" not in whole
    with refused("InvalidRequest", 400):
        s3.get("k", Range="bytes=0-1", PartNumber=1)


def test_conditional_reads(s3: Api) -> None:
    etag = s3.put("k", b"data")["ETag"]
    now = s3.world.clock.now()
    assert s3.get("k", IfMatch=etag) == b"data"
    with refused("PreconditionFailed", 412, Condition="If-Match"):
        s3.get("k", IfMatch='"x"')
    with refused("NotModified", 304) as caught:
        s3.HeadObject(Bucket="bkt", Key="k", IfNoneMatch=etag)
    assert caught[0].headers["ETag"] == etag
    with refused("NotModified", 304):
        s3.get("k", IfModifiedSince=now)
    with refused("PreconditionFailed", 412, Condition="If-Unmodified-Since"):
        s3.get("k", IfUnmodifiedSince=now - 1)


def test_conditional_writes(s3: Api) -> None:
    first = s3.put("k", b"1", IfNoneMatch="*")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put("k", b"2", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put("k", b"2", IfMatch='"x"')
    assert s3.get("k") == b"1"
    s3.put("k", b"2", IfMatch=first)
    assert s3.get("k") == b"2"
    with refused("NoSuchKey", 404):
        s3.put("other", b"", IfMatch=first)


def test_a_delete_marker_is_no_object_to_a_conditional_write(s3: Api) -> None:
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    s3.put("k", b"1")
    s3.DeleteObject(Bucket="bkt", Key="k")
    s3.put("k", b"2", IfNoneMatch="*")
    assert s3.get("k") == b"2"


def test_checksums_are_returned_when_asked_for(s3: Api) -> None:
    body = s3.upload(LARGE, "sha256")
    value = base64.b64encode(hashlib.sha256(LARGE).digest()).decode()
    expected = {"ChecksumSHA256": value, "ChecksumType": "FULL_OBJECT"}
    assert expected.items() <= s3.PutObject(Bucket="bkt", Key="k", Body=body).items()
    assert "ChecksumSHA256" not in s3.HeadObject(Bucket="bkt", Key="k")
    assert expected.items() <= s3.HeadObject(Bucket="bkt", Key="k", ChecksumMode="ENABLED").items()
    ranged = s3.GetObject(Bucket="bkt", Key="k", ChecksumMode="ENABLED", Range="bytes=0-4")
    assert "ChecksumSHA256" not in ranged
    entry = s3.ListObjectsV2(Bucket="bkt")["Contents"][0]
    assert entry["ChecksumAlgorithm"] == ["SHA256"]


def test_content_md5(s3: Api) -> None:
    good = base64.b64encode(hashlib.md5(b"data").digest()).decode()
    s3.put("k", b"data", ContentMD5=good)
    with refused("BadDigest", 400):
        s3.put("k", b"other", ContentMD5=good)
    with refused("InvalidDigest", 400):
        s3.put("k", b"data", ContentMD5="AA")
    assert s3.get("k") == b"data"


def test_encryption_is_reported(s3: Api) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.PutBucketEncryption(Bucket="bkt", ServerSideEncryptionConfiguration={"Rules": [rule]})
    answer = s3.put("k")
    assert answer["ServerSideEncryption"] == "aws:kms"
    assert answer["SSEKMSKeyId"].startswith("arn:aws:kms:us-east-1:000000000000:")
    assert s3.put("k", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"
    with refused("InvalidArgument", 400):
        s3.put("k", ServerSideEncryption="rot13")


def customers_key(key: bytes, **change: str | None) -> dict[str, str | None]:
    """The three parameters as they come off the wire."""
    return {
        "SSECustomerAlgorithm": "AES256",
        "SSECustomerKey": base64.b64encode(key).decode(),
        "SSECustomerKeyMD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
        **change,
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (customers_key(b"k" * 32, SSECustomerAlgorithm=None), "InvalidArgument"),
        (customers_key(b"k" * 32, SSECustomerAlgorithm="ROT13"), "InvalidEncryptionAlgorithmError"),
        (customers_key(b"k" * 32, SSECustomerKey=None), "InvalidArgument"),
        (customers_key(b"k" * 32, SSECustomerKey="?"), "InvalidArgument"),
        (customers_key(b"short"), "InvalidArgument"),
        (customers_key(b"k" * 32, SSECustomerKeyMD5=None), "InvalidArgument"),
        (customers_key(b"k" * 32, SSECustomerKeyMD5="AAAA"), "InvalidArgument"),
        (customers_key(b"k" * 32, ServerSideEncryption="AES256"), "InvalidArgument"),
    ],
)
def test_a_customers_key_is_whole(s3: Api, given: dict[str, str | None], code: str) -> None:
    with refused(code, 400):
        s3.put("k", b"data", **given)
    assert s3.keys() == []


def test_a_customers_key_is_asked_for_again(s3: Api) -> None:
    key, other = customers_key(b"k" * 32), customers_key(b"o" * 32)
    assert s3.put("k", b"data", **key)["SSECustomerKeyMD5"] == key["SSECustomerKeyMD5"]
    with refused("InvalidRequest", 400):
        s3.get("k")
    with refused("AccessDenied", 403):
        s3.get("k", **other)
    assert s3.get("k", **key) == b"data"


def test_overwriting_lets_the_old_blob_go_with_the_commit(s3: Api) -> None:
    s3.put("k", LARGE)
    assert list(s3.references().values()) == [1]
    s3.put("k", LARGE[::-1])
    assert list(s3.references().values()) == [1]
    assert s3.get("k") == LARGE[::-1]
    s3.put("k", b"small")
    assert s3.references() == {}


def test_a_crash_leaves_the_old_object_or_the_new(s3: Api) -> None:
    s3.put("k", LARGE)
    kernel = s3.world.kernel
    body = s3.upload(LARGE[::-1])
    done: list[Any] = []
    context = Context("000000000000", "us-east-1", "arn:aws:iam::000000000000:root", "r", "t")
    params = {"Bucket": "bkt", "Key": "k", "Body": body}
    work = kernel.operation_work(context, "s3", "PutObject", params, lambda *a: done.append(a))
    kernel.submit(work)
    kernel.execute()  # and never committed
    s3.world.crash()
    assert not done
    assert s3.get("k") == LARGE
    assert list(s3.references().values()) == [1]
