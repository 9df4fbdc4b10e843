from __future__ import annotations

from typing import Any

from tests.services.s3.support import Api, refused


def batch(s3: Api, *entries: dict[str, Any], **options: Any) -> dict[str, Any]:
    return s3.DeleteObjects(Bucket="bkt", Delete={"Objects": list(entries), **options})


def test_what_is_not_there_is_deleted_too(s3: Api) -> None:
    assert s3.DeleteObject(Bucket="bkt", Key="nope") == {}


def test_conditional_deletes(s3: Api) -> None:
    etag = s3.put("k", b"1")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.DeleteObject(Bucket="bkt", Key="k", IfMatch='"x"')
    s3.DeleteObject(Bucket="bkt", Key="k", IfMatch=etag)
    assert s3.keys() == []
    with refused("NotImplemented", 501):
        s3.DeleteObject(Bucket="bkt", Key="k", IfMatchSize=3)


def test_a_batch_refuses_key_by_key(s3: Api) -> None:
    for key in "abc":
        s3.put(key)
    answer = batch(
        s3,
        {"Key": "a"},
        {"Key": "b", "ETag": '"wrong"'},
        {"Key": "c", "VersionId": "nonsense"},
        {"Key": "k" * 1025},
        {"Key": "nope"},
    )
    assert answer["Deleted"] == [{"Key": "a"}, {"Key": "nope"}]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [
        ("b", "PreconditionFailed"),
        ("c", "InvalidArgument"),
        ("k" * 1025, "KeyTooLongError"),
    ]
    assert s3.keys() == ["b", "c"]


def test_quiet_tells_only_errors(s3: Api) -> None:
    s3.put("a")
    assert batch(s3, {"Key": "a"}, Quiet=True) == {}
    assert "Errors" in batch(s3, {"Key": "a", "ETag": '"x"'}, Quiet=True)


def test_markers_in_a_batch(s3: Api) -> None:
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    id = s3.put("a")["VersionId"]
    made = batch(s3, {"Key": "a"})["Deleted"][0]
    assert made["DeleteMarker"] is True
    marker = made["DeleteMarkerVersionId"]
    both = batch(s3, {"Key": "a", "VersionId": marker}, {"Key": "a", "VersionId": id})["Deleted"]
    assert both == [
        {"Key": "a", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker},
        {"Key": "a", "VersionId": id},
    ]


def test_how_many(s3: Api) -> None:
    with refused("MalformedXML", 400):
        batch(s3)
    with refused("MalformedXML", 400):
        batch(s3, *({"Key": str(n)} for n in range(1001)))
    assert len(batch(s3, *({"Key": str(n)} for n in range(1000)))["Deleted"]) == 1000
