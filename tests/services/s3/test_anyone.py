"""Callers without credentials: what public ACLs and bucket policies let them do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.services.s3.anyone import Verdict, judge
from owari.wire.message import ANONYMOUS
from tests.services.s3.support import Api, refused
from tests.support.world import World


class Anyone(Api):
    def __getattr__(self, name: str) -> Any:
        return lambda **params: self.world.call(
            "s3", name, account=ANONYMOUS, principal=ANONYMOUS, **params
        )


@pytest.fixture
def anyone(world: World) -> Anyone:
    return Anyone(world)


def allow(*actions: str, resource: str = "arn:aws:s3:::bkt/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resource} | more


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def open_up(s3: Api, *statements: dict[str, Any]) -> None:
    s3.DeletePublicAccessBlock(Bucket="bkt")
    s3.PutBucketPolicy(Bucket="bkt", Policy=policy(*statements))


def with_acls(s3: Api) -> None:
    s3.DeletePublicAccessBlock(Bucket="bkt")
    rules = [{"ObjectOwnership": "ObjectWriter"}]
    s3.PutBucketOwnershipControls(Bucket="bkt", OwnershipControls={"Rules": rules})


def test_a_fresh_bucket_is_closed(s3: Api, anyone: Anyone) -> None:
    s3.put("k", b"secret")
    for operation, params in (
        ("GetObject", {"Key": "k"}),
        ("HeadObject", {"Key": "none"}),
        ("ListObjectsV2", {}),
        ("DeleteObject", {"Key": "k"}),
        ("DeleteBucket", {}),
        ("GetBucketPolicy", {}),
    ):
        with refused("AccessDenied", 403):
            getattr(anyone, operation)(Bucket="bkt", **params)
    with refused("AccessDenied", 403):
        anyone.CreateBucket(Bucket="mine")
    with refused("AccessDenied", 403):
        anyone.ListBuckets()
    with refused("NoSuchBucket", 404):
        anyone.GetObject(Bucket="none", Key="k")
    assert s3.get("k") == b"secret"


def test_a_policy_opens_what_it_names(s3: Api, anyone: Anyone) -> None:
    open_up(s3, allow("s3:GetObject", resource="arn:aws:s3:::bkt/open/*"))
    s3.put("open/a", b"hello")
    s3.put("shut/a", b"secret")
    assert anyone.get("open/a") == b"hello"
    for key in ("shut/a", "open/none", "openness"):
        with refused("AccessDenied", 403):
            anyone.get(key)
    with refused("AccessDenied", 403):
        anyone.put("open/b", b"x")


def test_who_may_list_learns_that_a_key_does_not_exist(s3: Api, anyone: Anyone) -> None:
    open_up(s3, allow("s3:Get*"), allow("s3:ListBucket", resource="arn:aws:s3:::bkt"))
    assert anyone.keys() == []
    with refused("NoSuchKey", 404):
        anyone.get("none")


def test_a_denial_counts_more_than_any_permission(s3: Api, anyone: Anyone) -> None:
    shut = allow("s3:*", resource="arn:aws:s3:::bkt/shut*") | {"Effect": "Deny"}
    open_up(s3, allow("*"), shut)
    s3.put("shut", b"")
    s3.put("open", b"")
    assert anyone.get("open") == b""
    with refused("AccessDenied"):
        anyone.get("shut")
    with refused("AccessDenied"):
        anyone.DeleteObjects(Bucket="bkt", Delete={"Objects": [{"Key": "open"}, {"Key": "shut"}]})
    assert s3.keys() == ["open", "shut"]


def test_block_public_access_closes_again(s3: Api, anyone: Anyone) -> None:
    open_up(s3, allow("s3:GetObject"))
    s3.put("k", b"x")
    assert anyone.get("k") == b"x"
    s3.PutPublicAccessBlock(
        Bucket="bkt", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True}
    )
    with refused("AccessDenied"):
        anyone.get("k")


def test_an_objects_acl_opens_that_object(s3: Api, anyone: Anyone) -> None:
    with_acls(s3)
    s3.put("open", b"hello", ACL="public-read")
    s3.put("shut", b"secret")
    assert anyone.get("open") == b"hello"
    assert anyone.HeadObject(Bucket="bkt", Key="open")["ContentLength"] == 5
    with refused("AccessDenied"):
        anyone.get("shut")
    with refused("AccessDenied"):
        anyone.GetObjectAcl(Bucket="bkt", Key="open")
    with refused("AccessDenied"):
        anyone.CopyObject(Bucket="bkt", Key="open2", CopySource="bkt/open")


def test_a_buckets_acl_opens_its_listing_and_not_its_objects(s3: Api, anyone: Anyone) -> None:
    with_acls(s3)
    s3.PutBucketAcl(Bucket="bkt", ACL="public-read")
    s3.put("k", b"secret")
    assert anyone.keys() == ["k"]
    with refused("AccessDenied"):
        anyone.get("k")
    with refused("AccessDenied"):
        anyone.put("mine", b"x")
    s3.PutBucketAcl(Bucket="bkt", ACL="public-read-write")
    anyone.put("mine", b"x")
    assert s3.get("mine") == b"x"
    with refused("AccessDenied"):  # a copy must also be allowed to read its source
        anyone.CopyObject(Bucket="bkt", Key="mine", CopySource="bkt/k")


def test_ignored_and_disabled_acls_open_nothing(s3: Api, anyone: Anyone) -> None:
    with_acls(s3)
    s3.put("k", b"x", ACL="public-read")
    s3.PutPublicAccessBlock(Bucket="bkt", PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    with refused("AccessDenied"):
        anyone.get("k")
    s3.DeletePublicAccessBlock(Bucket="bkt")
    assert anyone.get("k") == b"x"
    rules = [{"ObjectOwnership": "BucketOwnerEnforced"}]
    s3.PutBucketOwnershipControls(Bucket="bkt", OwnershipControls={"Rules": rules})
    with refused("AccessDenied"):
        anyone.get("k")


GET = "s3:GetObject"
RESOURCE = "arn:aws:s3:::bkt/a/b"


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        (allow("s3:getobject"), Verdict.ALLOWED),
        (allow("s3:Get?bject"), Verdict.ALLOWED),
        (allow("s3:PutObject"), Verdict.SILENT),
        (allow(GET, resource="arn:aws:s3:::bkt/A*"), Verdict.SILENT),
        (allow(GET, resource="arn:aws:s3:::bkt/*/b"), Verdict.ALLOWED),
        (allow(GET, Principal={"AWS": "*"}), Verdict.ALLOWED),
        (allow(GET, Principal={"AWS": ["arn:aws:iam::111111111111:root"]}), Verdict.SILENT),
        (allow(GET, Principal={"Service": "*"}), Verdict.SILENT),
        (allow(GET, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), Verdict.SILENT),
        (allow(GET, Condition={"StringEquals": {"s3:prefix": ["", "x"]}}), Verdict.ALLOWED),
        (allow(GET, Condition={"StringNotLike": {"s3:prefix": "*"}}), Verdict.SILENT),
        (
            allow(GET, Effect="Deny", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            Verdict.DENIED,
        ),
    ],
)
def test_statements(statement: dict[str, Any], verdict: Verdict) -> None:
    assert judge({"Statement": [statement]}, GET, RESOURCE, {"s3:prefix": ""}) is verdict


def test_a_negated_element_concerns_everything_else() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "NotAction": "s3:Put*", "NotResource": "x"}
    assert judge({"Statement": statement}, GET, RESOURCE, {}) is Verdict.ALLOWED
    assert judge({"Statement": statement}, "s3:PutObject", RESOURCE, {}) is Verdict.SILENT


def test_a_long_pattern_is_matched_in_no_time() -> None:
    pattern = "arn:aws:s3:::bkt/" + "*a" * 5000
    statement = allow(GET, resource=pattern)
    assert judge({"Statement": [statement]}, GET, RESOURCE + "a" * 900, {}) is Verdict.SILENT


@pytest.mark.parametrize(
    "change",
    [
        {"Condition": "x"},
        {"Condition": {"StringEquals": "x"}},
        {"Condition": []},
        {"Principal": 3},
        {"Principal": {"AWS": 3}},
        {"Principal": "me"},
        {"Principal": {}},
        {"Action": {}},
        {"Resource": 5},
    ],
)
def test_malformed_statements(s3: Api, change: dict[str, Any]) -> None:
    with refused("MalformedPolicy", 400):
        s3.PutBucketPolicy(Bucket="bkt", Policy=policy(allow(GET) | change))
