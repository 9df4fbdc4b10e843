from __future__ import annotations

from typing import Any

import pytest

from owari.services.s3 import expiring
from owari.services.s3.lifecycle import (
    DAY_S,
    Candidate,
    Expire,
    Remove,
    Transition,
    decide,
    midnight_after,
    normalised,
)
from tests.services.s3.support import Api, refused
from tests.support.world import START

NOW = START


def rule(**more: Any) -> dict[str, Any]:
    return {"ID": "r", "Status": "Enabled", "Filter": {}} | more


def candidate(**more: Any) -> Candidate:
    plain: dict[str, Any] = {
        "key": "logs/a", "size": 10, "tags": {"t": "1"}, "marker": False,
        "modified": NOW - 3 * DAY_S, "storage_class": "STANDARD",
    }  # fmt: skip
    return Candidate(**(plain | more))


DAYS = {"Expiration": {"Days": 3}}
MARKERS = {"Expiration": {"ExpiredObjectDeleteMarker": True}}
OLD = {"NoncurrentVersionExpiration": {"NoncurrentDays": 2, "NewerNoncurrentVersions": 1}}
MOVES = {
    "Transitions": [
        {"Days": 1, "StorageClass": "STANDARD_IA"},
        {"Days": 2, "StorageClass": "GLACIER"},
        {"Days": 9, "StorageClass": "DEEP_ARCHIVE"},
    ]
}
DECISIONS = [
    (rule(**DAYS), candidate(), Expire()),
    (rule(**DAYS), candidate(modified=NOW - 3 * DAY_S + 1), None),
    (rule(**DAYS, Status="Disabled"), candidate(), None),
    (rule(**DAYS, Filter={"Prefix": "logs/"}), candidate(), Expire()),
    (rule(**DAYS, Filter={"Prefix": "data/"}), candidate(), None),
    (rule(**DAYS, Filter={"Tag": {"Key": "t", "Value": "1"}}), candidate(), Expire()),
    (rule(**DAYS, Filter={"Tag": {"Key": "t", "Value": "2"}}), candidate(), None),
    (rule(**DAYS, Filter={"ObjectSizeGreaterThan": 10}), candidate(), None),
    (rule(**DAYS, Filter={"ObjectSizeLessThan": 11}), candidate(), Expire()),
    (rule(**DAYS, Filter={"And": {"Prefix": "x", "ObjectSizeLessThan": 11}}), candidate(), None),
    (rule(**DAYS), candidate(rank=1, newer=0.0), None),
    (rule(**DAYS), candidate(marker=True), None),
    (rule(Expiration={"Date": NOW}), candidate(), Expire()),
    (rule(Expiration={"Date": NOW + DAY_S}), candidate(), None),
    (rule(**MARKERS), candidate(marker=True), Remove()),
    (rule(**MARKERS), candidate(marker=True, alone=False), None),
    (rule(**MARKERS), candidate(), None),
    (rule(**OLD), candidate(rank=2, newer=NOW - 2 * DAY_S), Remove()),
    (rule(**OLD), candidate(rank=1, newer=NOW - 2 * DAY_S), None),
    (rule(**OLD), candidate(rank=2, newer=NOW - DAY_S), None),
    (rule(**MOVES), candidate(), Transition("GLACIER")),
    (rule(**MOVES), candidate(storage_class="GLACIER"), None),
    (rule(**MOVES, **DAYS), candidate(), Expire()),
]


@pytest.mark.parametrize(("rule", "candidate", "decision"), DECISIONS)
def test_decisions(rule: dict[str, Any], candidate: Candidate, decision: Any) -> None:
    assert decide([rule], candidate, NOW) == decision


def test_midnights() -> None:
    assert midnight_after(START) == START  # which is one
    assert midnight_after(START + 1) == START + DAY_S


WRONG = [
    ({"Status": "On"}, "MalformedXML"),
    ({"Prefix": ""}, "MalformedXML"),
    ({"Expiration": {}}, "InvalidRequest"),
    ({"Expiration": {"Days": 0}}, "InvalidArgument"),
    ({"Expiration": {"Days": 1, "Date": NOW}}, "MalformedXML"),
    ({"Expiration": {"Date": NOW + 1}}, "InvalidArgument"),
    ({"NoncurrentVersionExpiration": {"NoncurrentDays": 0}}, "InvalidArgument"),
    ({"Transitions": [{"Days": 1, "StorageClass": "CELLAR"}]}, "MalformedXML"),
    ({"Transitions": [{"StorageClass": "GLACIER"}]}, "MalformedXML"),
    ({"ID": "x" * 256}, "InvalidArgument"),
]


@pytest.mark.parametrize(("change", "code"), WRONG)
def test_refused(change: dict[str, Any], code: str) -> None:
    normalised({"Rules": [rule(**DAYS)]}, lambda: "id")
    with refused(code, 400):
        normalised({"Rules": [rule(**DAYS) | change]}, lambda: "id")


def test_ids_are_unique() -> None:
    with refused("InvalidArgument", 400):
        normalised({"Rules": [rule(**DAYS), rule(**DAYS)]}, lambda: "id")
    with refused("MalformedXML", 400):
        normalised({"Rules": []}, lambda: "id")


# ---- carried out
def configure(s3: Api, *rules: dict[str, Any]) -> None:
    s3.PutBucketLifecycleConfiguration(Bucket="bkt", LifecycleConfiguration={"Rules": list(rules)})


def test_recorded(s3: Api) -> None:
    configure(s3, rule(**DAYS))
    answer = s3.GetBucketLifecycleConfiguration(Bucket="bkt")
    assert answer["Rules"] == [rule(**DAYS)]
    s3.DeleteBucketLifecycle(Bucket="bkt")
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.GetBucketLifecycleConfiguration(Bucket="bkt")


def test_objects_expire_at_midnight(s3: Api) -> None:
    s3.world.clock.time += 3600
    configure(s3, rule(Expiration={"Days": 1}, Filter={"Prefix": "tmp/"}))
    for key in ("tmp/1", "tmp/2", "keep"):
        s3.put(key, b"x" * 2000)
    s3.world.advance(DAY_S)
    assert s3.keys() == ["keep", "tmp/1", "tmp/2"]
    s3.world.advance(DAY_S)
    assert s3.keys() == ["keep"]
    assert len(s3.references()) == 1


def test_a_large_bucket_takes_several_turns(s3: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiring, "BATCH", 3)
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    kept = {}
    for key in ("a", "b"):
        versions = [s3.put(key, b"%d" % n)["VersionId"] for n in range(8)]
        kept[key] = versions[-3:]
    configure(s3, rule(**{**OLD, "NoncurrentVersionExpiration": {
        "NoncurrentDays": 1, "NewerNoncurrentVersions": 2}}))  # fmt: skip
    s3.world.advance(2 * DAY_S)
    left = s3.ListObjectVersions(Bucket="bkt")["Versions"]
    assert {(v["Key"], v["VersionId"]) for v in left} == {
        (key, id) for key, ids in kept.items() for id in ids
    }


def test_versions_markers_and_uploads(s3: Api) -> None:
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    s3.put("k")
    upload = s3.CreateMultipartUpload(Bucket="bkt", Key="u")["UploadId"]
    part = {"Bucket": "bkt", "Key": "u", "UploadId": upload}
    s3.UploadPart(**part, PartNumber=1, Body=s3.upload(b"x" * 2000))
    configure(
        s3,
        rule(Expiration={"Days": 1}, NoncurrentVersionExpiration={"NoncurrentDays": 1}),
        rule(**MARKERS, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}) | {"ID": "2"},
    )
    s3.world.advance(DAY_S + 1)
    assert s3.ListMultipartUploads(Bucket="bkt")["Uploads"] == []
    assert s3.references() == {}
    page = s3.ListObjectVersions(Bucket="bkt")
    assert (len(page["Versions"]), len(page["DeleteMarkers"])) == (1, 1)
    s3.world.advance(2 * DAY_S)
    page = s3.ListObjectVersions(Bucket="bkt")
    assert (page["Versions"], page["DeleteMarkers"]) == ([], [])


def test_transitions_change_the_storage_class(s3: Api) -> None:
    s3.put("k", b"x" * 2000)
    configure(s3, rule(Transitions=[{"Days": 1, "StorageClass": "GLACIER_IR"}]))
    s3.world.advance(DAY_S + 1)
    assert s3.HeadObject(Bucket="bkt", Key="k")["StorageClass"] == "GLACIER_IR"
    assert s3.get("k") == b"x" * 2000


def test_one_chain_however_often_rules_change(s3: Api) -> None:
    for _ in range(3):
        configure(s3, rule(**DAYS))
    assert len(s3.world.effects()) == 1
    s3.DeleteBucket(Bucket="bkt")
    s3.CreateBucket(Bucket="bkt")
    configure(s3, rule(**DAYS))
    s3.world.advance(DAY_S + 1)
    assert len(s3.world.effects()) == 1
    s3.DeleteBucketLifecycle(Bucket="bkt")
    s3.world.advance(DAY_S)
    assert s3.world.effects() == []
