from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from tests.services.s3.support import Api, read, refused

A, B, TAIL = b"a" * 3000, b"b" * 2500, b"tail"


@pytest.fixture
def s3(s3: Api) -> Api:
    s3.limit(object_part_min_bytes=2000)
    return s3


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


class Upload:
    def __init__(self, s3: Api, key: str = "k", **params: Any) -> None:
        self.s3 = s3
        self.created = s3.CreateMultipartUpload(Bucket="bkt", Key=key, **params)
        self.ids = {"Bucket": "bkt", "Key": key, "UploadId": self.created["UploadId"]}

    def part(self, number: int, data: bytes, *algorithms: str) -> dict[str, Any]:
        body = self.s3.upload(data, *algorithms)
        answer = self.s3.UploadPart(**self.ids, PartNumber=number, Body=body)
        answer.pop("ServerSideEncryption")
        return {"PartNumber": number, **answer}

    def complete(self, *parts: dict[str, Any], **params: Any) -> dict[str, Any]:
        whole = {"Parts": list(parts)}
        return self.s3.CompleteMultipartUpload(**self.ids, MultipartUpload=whole, **params)


def test_parts_become_one_object_without_being_copied(s3: Api) -> None:
    upload = Upload(s3, Metadata={"x": "1"}, ContentType="video/mp4", Tagging="t=1")
    parts = [upload.part(1, A), upload.part(5, B), upload.part(7, TAIL)]
    before = s3.references()
    answer = upload.complete(*parts)
    md5s = b"".join(hashlib.md5(data).digest() for data in (A, B, TAIL))
    assert answer["ETag"] == f'"{hashlib.md5(md5s).hexdigest()}-3"'
    assert (answer["Bucket"], answer["Key"]) == ("bkt", "k")
    assert s3.references() == before and len(before) == 2
    assert s3.get("k") == A + B + TAIL
    assert s3.get("k", Range="bytes=2990-5510") == (A + B + TAIL)[2990:5511]
    head = s3.HeadObject(Bucket="bkt", Key="k")
    assert (head["Metadata"], head["ContentType"]) == ({"x": "1"}, "video/mp4")
    assert s3.ListMultipartUploads(Bucket="bkt")["Uploads"] == []
    s3.DeleteObject(Bucket="bkt", Key="k")
    assert s3.references() == {}


def test_parts_are_got_by_number(s3: Api) -> None:
    upload = Upload(s3)
    upload.complete(upload.part(1, A), upload.part(2, TAIL))
    answer = s3.GetObject(Bucket="bkt", Key="k", PartNumber=2)
    assert read(answer["Body"]) == TAIL
    assert (answer["PartsCount"], answer["ContentRange"]) == (2, "bytes 3000-3003/3004")
    with refused("InvalidPartNumber", 416, ActualPartCount="2"):
        s3.get("k", PartNumber=3)


def test_a_part_sent_again_replaces_the_first_and_unused_ones_go(s3: Api) -> None:
    upload = Upload(s3)
    upload.part(1, A)
    one = upload.part(1, B)
    upload.part(2, A)
    assert len(s3.references()) == 2
    upload.complete(one)
    assert s3.get("k") == B
    assert len(s3.references()) == 1


def test_completing_again_answers_the_same(s3: Api) -> None:
    upload = Upload(s3)
    part = upload.part(1, A)
    assert upload.complete(part) == upload.complete(part)
    s3.put("k", b"other")
    with refused("NoSuchUpload", 404, UploadId=upload.ids["UploadId"]):
        upload.complete(part)


def test_bad_completions(s3: Api) -> None:
    upload = Upload(s3)
    one, two, small = upload.part(1, A), upload.part(2, B), upload.part(3, TAIL)
    four = upload.part(4, TAIL)
    with refused("InvalidPartOrder", 400):
        upload.complete(two, one)
    with refused("InvalidPartOrder", 400):
        upload.complete(one, one)
    with refused("InvalidPart", 400, PartNumber="1"):
        upload.complete({"PartNumber": 1, "ETag": two["ETag"]})
    with refused("InvalidPart", 400, PartNumber="9"):
        upload.complete({"PartNumber": 9, "ETag": one["ETag"]})
    with refused("EntityTooSmall", 400, PartNumber="3", ProposedSize="4", MinSizeAllowed="2000"):
        upload.complete(one, small, four)
    with refused("MalformedXML", 400):
        upload.complete()
    with refused("MalformedXML", 400):
        upload.complete({"ETag": one["ETag"]})
    with refused("InvalidRequest", 400):
        upload.complete(one, MpuObjectSize=1)
    upload.complete(one, two, small, MpuObjectSize=len(A + B + TAIL))


def test_conditions(s3: Api) -> None:
    s3.put("k", b"here")
    upload = Upload(s3)
    part = upload.part(1, A)
    with refused("PreconditionFailed", 412):
        upload.complete(part, IfNoneMatch="*")
    assert s3.get("k") == b"here"
    upload.complete(part, IfMatch=f'"{hashlib.md5(b"here").hexdigest()}"')
    assert s3.get("k") == A


def test_abort(s3: Api) -> None:
    upload = Upload(s3)
    upload.part(1, A)
    s3.AbortMultipartUpload(**upload.ids)
    assert s3.references() == {}
    with refused("NoSuchUpload", 404):
        upload.part(1, A)
    with refused("NoSuchUpload", 404):
        s3.AbortMultipartUpload(**upload.ids)
    for id in ("nonsense", "", "A" * 32):
        with refused("NoSuchUpload", 404):
            s3.ListParts(Bucket="bkt", Key="k", UploadId=id)


def test_a_bucket_goes_with_its_uploads(s3: Api) -> None:
    Upload(s3).part(1, A)
    s3.DeleteBucket(Bucket="bkt")
    assert s3.references() == {}


@pytest.mark.parametrize("number", [0, 10_001, -1])
def test_part_numbers(s3: Api, number: int) -> None:
    with refused("InvalidArgument", 400, ArgumentName="partNumber"):
        Upload(s3).part(number, A)


# ---- checksums
def test_a_composite_checksum(s3: Api) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32")
    assert upload.created["ChecksumType"] == "COMPOSITE"
    one, two = upload.part(1, A, "crc32"), upload.part(2, TAIL, "crc32")
    joined = b"".join(zlib.crc32(data).to_bytes(4, "big") for data in (A, TAIL))
    with refused("InvalidRequest", 400):
        upload.complete({"PartNumber": 1, "ETag": one["ETag"]}, two)
    with refused("InvalidPart", 400):
        upload.complete(one | {"ChecksumCRC32": "AAAAAA=="}, two)
    with refused("BadDigest", 400):
        upload.complete(one, two, ChecksumCRC32="AAAAAA==")
    answer = upload.complete(one, two, ChecksumCRC32=crc32(joined))
    assert answer["ChecksumCRC32"] == crc32(joined) + "-2"
    assert answer["ChecksumType"] == "COMPOSITE"
    part = s3.GetObject(Bucket="bkt", Key="k", PartNumber=2, ChecksumMode="ENABLED")
    assert part["ChecksumCRC32"] == crc32(TAIL)


def test_a_full_object_checksum(s3: Api) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = [upload.part(1, A, "crc32"), upload.part(2, TAIL, "crc32")]
    answer = upload.complete(*parts, ChecksumCRC32=crc32(A + TAIL), ChecksumType="FULL_OBJECT")
    assert answer["ChecksumCRC32"] == crc32(A + TAIL)
    assert answer["ChecksumType"] == "FULL_OBJECT"


def test_a_part_brings_the_checksum_agreed_on(s3: Api) -> None:
    upload = Upload(s3, ChecksumAlgorithm="SHA256")
    with refused("InvalidRequest", 400):
        upload.part(1, A, "crc32")
    with refused("InvalidRequest", 400):
        upload.part(1, A)
    with refused("InvalidRequest", 400):
        Upload(s3, ChecksumAlgorithm="ROT13")
    with refused("InvalidRequest", 400):
        Upload(s3, ChecksumType="COMPOSITE")


def test_attributes(s3: Api) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32")
    answer = upload.complete(upload.part(1, A, "crc32"), upload.part(2, TAIL, "crc32"))
    wanted = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    shown = s3.GetObjectAttributes(Bucket="bkt", Key="k", ObjectAttributes=wanted, MaxParts=1)
    assert shown == {
        "ETag": answer["ETag"].strip('"'),
        "Checksum": {
            "ChecksumCRC32": answer["ChecksumCRC32"].partition("-")[0],
            "ChecksumType": "COMPOSITE",
        },
        "ObjectParts": {
            "TotalPartsCount": 2,
            "PartNumberMarker": 0,
            "NextPartNumberMarker": 1,
            "MaxParts": 1,
            "IsTruncated": True,
            "Parts": [{"PartNumber": 1, "Size": 3000, "ChecksumCRC32": crc32(A)}],
        },
        "StorageClass": "STANDARD",
        "ObjectSize": 3004,
        "LastModified": s3.world.clock.now(),
    }
    with refused("InvalidArgument", 400):
        s3.GetObjectAttributes(Bucket="bkt", Key="k", ObjectAttributes=["Colour"])
    with refused("InvalidArgument", 400):
        s3.GetObjectAttributes(Bucket="bkt", Key="k")


# ---- copies
def test_ranges_of_objects_become_parts(s3: Api) -> None:
    s3.put("source", A + B)
    upload = Upload(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = []
    for number, (first, last) in enumerate([(2000, 5499), (0, 2499)], 1):
        result = s3.UploadPartCopy(
            **upload.ids,
            PartNumber=number,
            CopySource="bkt/source",
            CopySourceRange=f"bytes={first}-{last}",
        )["CopyPartResult"]
        assert result["ETag"] == f'"{hashlib.md5((A + B)[first : last + 1]).hexdigest()}"'
        parts.append({"PartNumber": number, "ETag": result["ETag"]})
    answer = upload.complete(*parts)
    whole = (A + B)[2000:] + (A + B)[:2500]
    assert s3.get("k") == whole
    assert answer["ChecksumCRC32"] == crc32(whole)
    assert list(s3.references().values()) == [2]  # the source and the new object
    with refused("InvalidArgument", 400):
        s3.UploadPartCopy(
            **Upload(s3).ids, PartNumber=1, CopySource="bkt/source", CopySourceRange="bytes=0-5500"
        )


def test_a_copy_of_an_uploaded_object_is_one_whole(s3: Api) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32")
    upload.complete(upload.part(1, A, "crc32"), upload.part(2, TAIL, "crc32"))
    result = s3.CopyObject(Bucket="bkt", Key="c", CopySource="bkt/k")["CopyObjectResult"]
    assert result["ETag"] == f'"{hashlib.md5(A + TAIL).hexdigest()}"'
    assert (result["ChecksumCRC32"], result["ChecksumType"]) == (crc32(A + TAIL), "FULL_OBJECT")
    assert s3.get("c") == A + TAIL


# ---- listings
def test_list_parts(s3: Api) -> None:
    upload = Upload(s3, StorageClass="STANDARD_IA")
    for number in (1, 3, 9):
        upload.part(number, A, "crc32")
    first = s3.ListParts(**upload.ids, MaxParts=2)
    assert [part["PartNumber"] for part in first["Parts"]] == [1, 3]
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == (True, 3)
    assert first["Parts"][0]["Size"] == 3000 and first["StorageClass"] == "STANDARD_IA"
    assert first["Parts"][0]["ChecksumCRC32"] == crc32(A)
    rest = s3.ListParts(**upload.ids, PartNumberMarker=3)
    assert [part["PartNumber"] for part in rest["Parts"]] == [9]
    assert not rest["IsTruncated"]


def test_list_uploads(s3: Api) -> None:
    made = [(key, Upload(s3, key).ids["UploadId"]) for key in ("a", "b", "b", "d/1", "d/2")]
    found: list[tuple[str, str]] = []
    markers: dict[str, str] = {}
    while True:
        page = s3.ListMultipartUploads(Bucket="bkt", MaxUploads=2, **markers)
        found += [(entry["Key"], entry["UploadId"]) for entry in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        markers = {
            "KeyMarker": page["NextKeyMarker"],
            "UploadIdMarker": page["NextUploadIdMarker"],
        }
    assert found == made
    page = s3.ListMultipartUploads(Bucket="bkt", Delimiter="/", KeyMarker="a")
    assert [entry["Key"] for entry in page["Uploads"]] == ["b", "b"]
    assert page["CommonPrefixes"] == [{"Prefix": "d/"}]
