"""What S3, the logs, IAM, ECR, the stores of parameters and secrets keep: made, used, deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from owari.store import segments
from tests.leftovers.watched import Watched
from tests.services.iam.asking import DOCUMENT, TRUST
from tests.services.lambda_.support import create
from tests.services.logs.test_ingest import deliver, record
from tests.services.s3.support import Api
from tests.support.world import ACCOUNT

HOUR = 3600.0
TAGS = [{"Key": "k", "Value": "v"}]
DOCUMENT_FOR_ROOT = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "*"}}
)
RULE = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}


def s3(world: Watched) -> None:
    """A lifecycle empties one bucket, its owner the other: versions, markers, an upload begun."""
    api = Api(world)
    api.CreateBucket(Bucket="swept")
    rules = {"Rules": [RULE]}
    api.PutBucketLifecycleConfiguration(Bucket="swept", LifecycleConfiguration=rules)
    api.put("old", b"x" * 5000, bucket="swept")
    world.advance(3 * 86_400)
    api.DeleteBucket(Bucket="swept")
    api.CreateBucket(Bucket="bkt")
    api.PutBucketTagging(Bucket="bkt", Tagging={"TagSet": TAGS})
    api.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    api.PutBucketNotificationConfiguration(
        Bucket="bkt", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    for size in (10, 5000):
        api.put("k", b"x" * size, Tagging="a=b")
    api.CopyObject(Bucket="bkt", Key="copy", CopySource={"Bucket": "bkt", "Key": "k"})
    _parts(api, "whole", complete=True)
    _parts(api, "given up", complete=False)
    api.DeleteObject(Bucket="bkt", Key="k")
    shown = api.ListObjectVersions(Bucket="bkt")
    for entry in [*shown["Versions"], *shown["DeleteMarkers"]]:
        api.DeleteObject(Bucket="bkt", Key=entry["Key"], VersionId=entry["VersionId"])
    api.DeleteBucket(Bucket="bkt")


def _parts(api: Api, key: str, *, complete: bool) -> None:
    ids: dict[str, Any] = {"Bucket": "bkt", "Key": key}
    ids["UploadId"] = api.CreateMultipartUpload(**ids)["UploadId"]
    part = api.UploadPart(**ids, PartNumber=1, Body=api.upload(b"p" * 3000))
    if complete:
        parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
        api.CompleteMultipartUpload(**ids, MultipartUpload={"Parts": parts})


def logs(world: Watched) -> None:
    """Groups go with their streams; the segments they filled go too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "SEGMENT_MAX_BYTES", 1)
        _logged(world)
    world.advance(3 * HOUR)


def _logged(world: Watched) -> None:
    now = int(world.clock.now() * 1000)
    for group in ("/kept", "/purged"):
        world.call("logs", "CreateLogGroup", logGroupName=group, tags={"k": "v"})
        world.call("logs", "PutRetentionPolicy", logGroupName=group, retentionInDays=1)
        deliver(world, [record("s", (now, "m"), group=group) | {"frame": ["agent", 1]}])
        world.call("logs", "CreateLogStream", logGroupName=group, logStreamName="t")
        world.call(
            "logs", "PutLogEvents", logGroupName=group, logStreamName="t",
            logEvents=[{"timestamp": now, "message": "m"}],
        )  # fmt: skip
    world.call("logs", "DeleteLogStream", logGroupName="/kept", logStreamName="s")
    for group in ("/kept", "/purged"):
        world.call("logs", "DeleteLogGroup", logGroupName=group)


def ecr(world: Watched) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    world.call("ecr", "CreateRepository", repositoryName="team/sim", tags=tags)
    world.call("ecr", "SetRepositoryPolicy", repositoryName="team/sim", policyText=DOCUMENT)
    world.call("ecr", "DeleteRepository", repositoryName="team/sim")


def ssm(world: Watched) -> None:
    """One parameter is deleted, one expires, with a notification of each kind before."""
    before = [("ExpirationNotification", "Before"), ("NoChangeNotification", "After")]
    policies = [
        {"Type": "Expiration", "Attributes": {"Timestamp": "2030-01-03T00:00:00Z"}},
        *({"Type": type, "Attributes": {name: "1", "Unit": "Days"}} for type, name in before),
    ]
    for name in ("/app/goes", "/app/expires"):
        world.call("ssm", "PutParameter", Name=name, Value="1", Type="SecureString", Tags=TAGS,
                   Tier="Advanced", Policies=json.dumps(policies))  # fmt: skip
        world.call("ssm", "PutParameter", Name=name, Value="2", Overwrite=True)
        world.call("ssm", "LabelParameterVersion", Name=name, Labels=["l"])
    world.call("ssm", "DeleteParameter", Name="/app/goes")


def secretsmanager(world: Watched) -> None:
    """One secret is deleted by force while it is rotated, one has a window; both had versions."""

    def call(operation: str, **params: Any) -> dict[str, Any]:
        return world.call("secretsmanager", operation, **params)

    function = create(world, "f")["FunctionArn"]
    world.compute.duration = lambda _spec: 60.0
    for name in ("goes", "stays"):
        call("CreateSecret", Name=name, SecretString="1", Tags=TAGS)
        call("PutSecretValue", SecretId=name, SecretBinary=b"2")
        call("PutResourcePolicy", SecretId=name, ResourcePolicy=DOCUMENT_FOR_ROOT)
        call("GetSecretValue", SecretId=name)
        call("RotateSecret", SecretId=name, RotationLambdaARN=function,
             RotationRules={"AutomaticallyAfterDays": 1})  # fmt: skip
    world.settle(10)
    call("DeleteSecret", SecretId="goes", ForceDeleteWithoutRecovery=True)
    call("DeleteSecret", SecretId="stays")
    world.call("lambda", "DeleteFunction", FunctionName="f")


def iam(world: Watched) -> None:
    """What IAM refuses to delete is emptied first, as it asks."""

    def call(operation: str, **params: Any) -> dict[str, Any]:
        return world.call("iam", operation, **params)

    policy = f"arn:aws:iam::{ACCOUNT}:policy/p"
    call("CreatePolicy", PolicyName="p", PolicyDocument=DOCUMENT, Tags=TAGS)
    call("CreatePolicyVersion", PolicyArn=policy, PolicyDocument=DOCUMENT, SetAsDefault=True)
    call("CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST, Tags=TAGS)
    call("CreateInstanceProfile", InstanceProfileName="i", Tags=TAGS)
    call("AddRoleToInstanceProfile", InstanceProfileName="i", RoleName="r")
    call("CreateUser", UserName="u", Tags=TAGS)
    call("CreateGroup", GroupName="g")
    call("AddUserToGroup", UserName="u", GroupName="g")
    key = call("CreateAccessKey", UserName="u")["AccessKey"]["AccessKeyId"]
    for word, name in (("Role", "r"), ("User", "u"), ("Group", "g")):
        owner = {f"{word}Name": name}
        call(f"Put{word}Policy", **owner, PolicyName="within", PolicyDocument=DOCUMENT)
        call(f"Attach{word}Policy", **owner, PolicyArn=policy)
        call(f"Detach{word}Policy", **owner, PolicyArn=policy)
        call(f"Delete{word}Policy", **owner, PolicyName="within")
    call("RemoveRoleFromInstanceProfile", InstanceProfileName="i", RoleName="r")
    call("RemoveUserFromGroup", UserName="u", GroupName="g")
    call("DeleteAccessKey", UserName="u", AccessKeyId=key)
    call("DeleteInstanceProfile", InstanceProfileName="i")
    for word, name in (("Role", "r"), ("User", "u"), ("Group", "g")):
        call(f"Delete{word}", **{f"{word}Name": name})
    call("DeletePolicyVersion", PolicyArn=policy, VersionId="v1")
    call("DeletePolicy", PolicyArn=policy)
