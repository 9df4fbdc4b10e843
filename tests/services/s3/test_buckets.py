from __future__ import annotations

import pytest

from tests.services.s3.support import Api, refused
from tests.support.world import World

ELSEWHERE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


def test_create_head_list_delete(s3: Api) -> None:
    assert s3.CreateBucket(Bucket="two") == {
        "Location": "/two",
        "BucketArn": "arn:aws:s3:::two",
    }
    assert s3.HeadBucket(Bucket="two")["BucketRegion"] == "us-east-1"
    answer = s3.ListBuckets()
    assert [bucket["Name"] for bucket in answer["Buckets"]] == ["bkt", "two"]
    assert answer["Buckets"][0]["CreationDate"] == s3.world.clock.now()
    s3.DeleteBucket(Bucket="two")
    for call in (s3.HeadBucket, s3.DeleteBucket, s3.GetBucketLocation):
        with refused("NoSuchBucket", 404, BucketName="two"):
            call(Bucket="two")


def test_a_bucket_that_exists(s3: Api) -> None:
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    s3.CreateBucket(Bucket="bkt")  # the classic region forgives, and changes nothing
    assert s3.GetBucketVersioning(Bucket="bkt") == {"Status": "Enabled"}
    with refused("BucketAlreadyExists", 409):
        s3.CreateBucket(Bucket="bkt", account="111111111111")
    s3.CreateBucket(Bucket="euw", region="eu-west-1", **ELSEWHERE)
    with refused("BucketAlreadyOwnedByYou", 409, BucketName="euw"):
        s3.CreateBucket(Bucket="euw", region="eu-west-1", **ELSEWHERE)


def test_locations(s3: Api) -> None:
    assert s3.GetBucketLocation(Bucket="bkt") == {"LocationConstraint": None}
    made = s3.CreateBucket(Bucket="euw", **ELSEWHERE)
    assert made["Location"] == "http://euw.s3.amazonaws.com/"
    assert s3.GetBucketLocation(Bucket="euw") == {"LocationConstraint": "eu-west-1"}
    with refused("IllegalLocationConstraintException", 400):
        s3.CreateBucket(Bucket="usw", region="us-west-2")
    with refused("IllegalLocationConstraintException", 400):
        s3.CreateBucket(Bucket="usw", region="us-west-2", **ELSEWHERE)
    for odd in ("nowhere", "eu-west", ""):
        constraint = {"LocationConstraint": odd}
        with refused("InvalidLocationConstraint", 400):
            s3.CreateBucket(Bucket="odd", CreateBucketConfiguration=constraint)
    ours = {"LocationConstraint": "garage"}  # a region of the user's own is as good as any
    s3.CreateBucket(Bucket="own", region="garage", CreateBucketConfiguration=ours)
    with refused("InvalidLocationConstraint", 400):
        s3.CreateBucket(Bucket="usw", CreateBucketConfiguration={"LocationConstraint": "us-east-1"})


def test_only_empty_buckets_are_deleted(s3: Api) -> None:
    s3.put("k")
    with refused("BucketNotEmpty", 409, BucketName="bkt"):
        s3.DeleteBucket(Bucket="bkt")
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    s3.DeleteObject(Bucket="bkt", Key="k")
    with refused("BucketNotEmpty", 409):
        s3.DeleteBucket(Bucket="bkt")


def test_a_new_bucket_of_an_old_name_knows_nothing(s3: Api) -> None:
    s3.PutBucketTagging(Bucket="bkt", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.PutBucketPolicy(Bucket="bkt", Policy=policy("arn:aws:iam::1:root"))
    s3.DeleteBucket(Bucket="bkt")
    s3.CreateBucket(Bucket="bkt")
    with refused("NoSuchTagSet", 404):
        s3.GetBucketTagging(Bucket="bkt")
    with refused("NoSuchBucketPolicy", 404):
        s3.GetBucketPolicy(Bucket="bkt")


def test_pages_of_buckets(s3: Api) -> None:
    for name in ("aaa", "bbb", "bbc", "ccc"):
        s3.CreateBucket(Bucket=name)
    s3.CreateBucket(Bucket="zzz", account="111111111111")
    found = []
    page = s3.ListBuckets(MaxBuckets=2)
    while True:
        found += [bucket["Name"] for bucket in page["Buckets"]]
        if "ContinuationToken" not in page:
            break
        page = s3.ListBuckets(MaxBuckets=2, ContinuationToken=page["ContinuationToken"])
    assert found == ["aaa", "bbb", "bbc", "bkt", "ccc"]
    assert [b["Name"] for b in s3.ListBuckets(Prefix="bb")["Buckets"]] == ["bbb", "bbc"]
    assert s3.ListBuckets(BucketRegion="eu-west-1")["Buckets"] == []
    for most in (0, 10_001):
        with refused("InvalidArgument", 400):
            s3.ListBuckets(MaxBuckets=most)


def test_the_registry_of_resources_follows(world: World, s3: Api) -> None:
    tag = [{"Key": "team", "Value": "x"}]
    s3.CreateBucket(Bucket="two", CreateBucketConfiguration={"Tags": tag})
    rows = world.kernel.writer.execute("SELECT arn, type FROM resource ORDER BY arn").fetchall()
    assert [tuple(row) for row in rows] == [
        ("arn:aws:s3:::bkt", "AWS::S3::Bucket"),
        ("arn:aws:s3:::two", "AWS::S3::Bucket"),
    ]
    assert s3.GetBucketTagging(Bucket="two") == {"TagSet": tag}
    s3.DeleteBucket(Bucket="two")
    assert world.kernel.writer.execute("SELECT COUNT(*) FROM resource").fetchone()[0] == 1
    assert world.kernel.writer.execute("SELECT COUNT(*) FROM tag").fetchone()[0] == 0


def test_tags(s3: Api) -> None:
    def put(*pairs: tuple[str, str]) -> None:
        tags = [{"Key": key, "Value": value} for key, value in pairs]
        s3.PutBucketTagging(Bucket="bkt", Tagging={"TagSet": tags})

    put(("a", "1"), ("b", "2"))
    put(("b", "3"))
    assert s3.GetBucketTagging(Bucket="bkt") == {"TagSet": [{"Key": "b", "Value": "3"}]}
    s3.DeleteBucketTagging(Bucket="bkt")
    with refused("NoSuchTagSet", 404, BucketName="bkt"):
        s3.GetBucketTagging(Bucket="bkt")
    for pairs in ([("a", "1"), ("a", "2")], [("", "1")], [("aws:x", "1")], [("a", "\x00")]):
        with refused("InvalidTag", 400):
            put(*pairs)
    with refused("BadRequest", 400):
        put(*((str(n), "") for n in range(51)))


def policy(principal: str, condition: str = "{}") -> str:
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",'
        f' "Principal": {{"AWS": "{principal}"}}, "Action": "s3:GetObject",'
        f' "Resource": "arn:aws:s3:::bkt/*", "Condition": {condition}}}]}}'
    )


def test_policies(s3: Api) -> None:
    with refused("NoSuchBucketPolicy", 404):
        s3.GetBucketPolicy(Bucket="bkt")
    text = policy("arn:aws:iam::111111111111:root")
    s3.PutBucketPolicy(Bucket="bkt", Policy=text)
    assert s3.GetBucketPolicy(Bucket="bkt") == {"Policy": text}
    assert s3.GetBucketPolicyStatus(Bucket="bkt") == {"PolicyStatus": {"IsPublic": False}}
    with refused("AccessDenied", 403):
        s3.PutBucketPolicy(Bucket="bkt", Policy=policy("*"))
    s3.PutBucketPolicy(Bucket="bkt", Policy=policy("*", '{"StringEquals": {"aws:SourceArn": "a"}}'))
    s3.DeletePublicAccessBlock(Bucket="bkt")
    s3.PutBucketPolicy(Bucket="bkt", Policy=policy("*"))
    assert s3.GetBucketPolicyStatus(Bucket="bkt") == {"PolicyStatus": {"IsPublic": True}}
    s3.DeleteBucketPolicy(Bucket="bkt")
    with refused("NoSuchBucketPolicy", 404):
        s3.GetBucketPolicyStatus(Bucket="bkt")


@pytest.mark.parametrize(
    "text",
    [
        "", "nonsense", "[]", "{}", '{"Statement": []}', '{"Statement": [1]}',
        policy("*").replace("Allow", "Perhaps"),
        policy("*").replace("s3:GetObject", "sns:Publish"),
        policy("*").replace(":::bkt/", ":::other/"),
        policy("*").replace("2012-10-17", "2020-01-01"),
        policy("*").replace('"Principal"', '"Principle"'),
        "[" * 10_000,
    ],
)  # fmt: skip
def test_malformed_policies(s3: Api, text: str) -> None:
    with refused("MalformedPolicy", 400):
        s3.PutBucketPolicy(Bucket="bkt", Policy=text)


def test_acls_are_taken_unless_ownership_was_said_to_be_the_owners(s3: Api) -> None:
    """Where AWS gives every new bucket BucketOwnerEnforced, and shows it, nobody chose it here."""
    s3.put("k", ACL="public-read")
    s3.PutBucketAcl(Bucket="bkt", ACL="private")
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert s3.GetBucketOwnershipControls(Bucket="bkt")["OwnershipControls"] == rules
    s3.PutBucketOwnershipControls(Bucket="bkt", OwnershipControls=rules)
    grants = s3.GetBucketAcl(Bucket="bkt")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]
    with refused("AccessControlListNotSupported", 400):
        s3.PutBucketAcl(Bucket="bkt", ACL="public-read")
    with refused("AccessControlListNotSupported", 400):
        s3.put("k", ACL="public-read")
    s3.put("k", ACL="bucket-owner-full-control")
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.PutBucketOwnershipControls(Bucket="bkt", OwnershipControls=rules)
    s3.PutBucketAcl(Bucket="bkt", ACL="public-read")
    assert len(s3.GetBucketAcl(Bucket="bkt")["Grants"]) == 2
    s3.put("k", ACL="public-read")
    grants = s3.GetObjectAcl(Bucket="bkt", Key="k")["Grants"]
    assert grants[1] == {
        "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
        "Permission": "READ",
    }
    s3.PutObjectAcl(Bucket="bkt", Key="k", GrantRead='id="abc", emailAddress=a@b.c')
    grants = s3.GetObjectAcl(Bucket="bkt", Key="k")["Grants"]
    assert [g["Grantee"]["Type"] for g in grants] == ["CanonicalUser", "AmazonCustomerByEmail"]
    s3.PutObjectAcl(
        Bucket="bkt", Key="k", AccessControlPolicy=s3.GetObjectAcl(Bucket="bkt", Key="k")
    )
    with refused("InvalidArgument", 400):
        s3.PutObjectAcl(Bucket="bkt", Key="k", ACL="nonsense")
    with refused("InvalidRequest", 400):
        s3.PutObjectAcl(Bucket="bkt", Key="k", ACL="private", GrantRead="id=a")
    with refused("MalformedACLError", 400):
        s3.PutObjectAcl(Bucket="bkt", Key="k", AccessControlPolicy={"Grants": []})
    with refused("MissingSecurityHeader", 400):
        s3.PutObjectAcl(Bucket="bkt", Key="k")


def test_logging_needs_its_target(s3: Api) -> None:
    assert s3.GetBucketLogging(Bucket="bkt") == {}
    status = {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "p"}}
    with refused("InvalidTargetBucketForLogging", 400):
        s3.PutBucketLogging(Bucket="bkt", BucketLoggingStatus=status)
    s3.CreateBucket(Bucket="logs")
    s3.PutBucketLogging(Bucket="bkt", BucketLoggingStatus=status)
    assert s3.GetBucketLogging(Bucket="bkt") == status
    s3.PutBucketLogging(Bucket="bkt", BucketLoggingStatus={})
    assert s3.GetBucketLogging(Bucket="bkt") == {}
