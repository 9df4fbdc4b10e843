from __future__ import annotations

import pytest

from owari.services.s3 import tags
from tests.services.s3.support import Api, refused


def put(s3: Api, *pairs: tuple[str, str], key: str = "k", **params: str) -> dict[str, str]:
    tag_set = [{"Key": name, "Value": value} for name, value in pairs]
    return s3.PutObjectTagging(Bucket="bkt", Key=key, Tagging={"TagSet": tag_set}, **params)


def got(s3: Api, **params: str) -> dict[str, str]:
    answer = s3.GetObjectTagging(Bucket="bkt", Key="k", **params)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def test_tags_are_replaced_as_a_whole(s3: Api) -> None:
    s3.put("k", b"data", Tagging="a=1&b=%20x%2B")
    assert got(s3) == {"a": "1", "b": " x+"}
    assert s3.HeadObject(Bucket="bkt", Key="k")["TagCount"] == 2
    before = s3.HeadObject(Bucket="bkt", Key="k")["LastModified"]
    s3.world.advance(10)
    put(s3, ("c", "3"))
    assert got(s3) == {"c": "3"}
    assert s3.HeadObject(Bucket="bkt", Key="k")["LastModified"] == before
    assert s3.get("k") == b"data"
    s3.DeleteObjectTagging(Bucket="bkt", Key="k")
    assert got(s3) == {}


def test_each_version_has_its_own(s3: Api) -> None:
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put("k", Tagging="v=1")["VersionId"]
    s3.put("k", Tagging="v=2")
    assert put(s3, ("v", "changed"), VersionId=old) == {"VersionId": old}
    assert got(s3) == {"v": "2"}
    assert got(s3, VersionId=old) == {"v": "changed"}


def test_refusals(s3: Api) -> None:
    with refused("NoSuchKey", 404):
        put(s3, ("a", "1"), key="nope")
    s3.put("k")
    with refused("BadRequest", 400):
        put(s3, *((str(n), "") for n in range(11)))
    for pair in (("", "1"), ("k" * 129, ""), ("a", "v" * 257), ("a", "{}"), ("aws:a", "1")):
        with refused("InvalidTag", 400):
            put(s3, pair)
    with refused("InvalidTag", 400):
        put(s3, ("a", "1"), ("a", "2"))


@pytest.mark.parametrize("header", ["a=1&a=2", "a=%ff", "&"])
def test_bad_headers(header: str) -> None:
    with refused("InvalidArgument", 400, ArgumentName="x-amz-tagging"):
        tags.from_header(header, 10)
