"""Recorded settings: put, got back, deleted, missing with AWS's own error, refused when wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.s3.support import Api, refused

CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
OWNERSHIP = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": True,
}
SITE = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "e.html"}}
KMS = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
            "BucketKeyEnabled": True,
        }
    ]
}

DELETABLE = [
    # operation, parameter, document, answer, delete, error when missing
    ("BucketCors", "CORSConfiguration", CORS, CORS, "BucketCors", "NoSuchCORSConfiguration"),
    (
        "BucketOwnershipControls", "OwnershipControls", OWNERSHIP,
        {"OwnershipControls": OWNERSHIP}, "BucketOwnershipControls",
        "OwnershipControlsNotFoundError",
    ),
    (
        "PublicAccessBlock", "PublicAccessBlockConfiguration", BLOCK,
        {"PublicAccessBlockConfiguration": BLOCK}, "PublicAccessBlock",
        "NoSuchPublicAccessBlockConfiguration",
    ),
    (
        "BucketWebsite", "WebsiteConfiguration", SITE, SITE, "BucketWebsite",
        "NoSuchWebsiteConfiguration",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "member", "document", "answer", "delete", "code"), DELETABLE)
def test_recorded(
    s3: Api,
    name: str,
    member: str,
    document: dict[str, Any],
    answer: dict[str, Any],
    delete: str,
    code: str,
) -> None:
    getattr(s3, f"Put{name}")(Bucket="bkt", **{member: document})
    assert getattr(s3, f"Get{name}")(Bucket="bkt") == answer
    for _ in range(2):
        getattr(s3, f"Delete{delete}")(Bucket="bkt")
        with refused(code, 404, BucketName="bkt"):
            getattr(s3, f"Get{name}")(Bucket="bkt")
    with refused("NoSuchBucket", 404):
        getattr(s3, f"Put{name}")(Bucket="nope", **{member: document})


def test_what_a_new_bucket_has(s3: Api) -> None:
    controls = s3.GetBucketOwnershipControls(Bucket="bkt")["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    block = s3.GetPublicAccessBlock(Bucket="bkt")["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(BLOCK, True)
    rule = s3.GetBucketEncryption(Bucket="bkt")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.GetBucketRequestPayment(Bucket="bkt") == {"Payer": "BucketOwner"}
    assert s3.GetBucketAccelerateConfiguration(Bucket="bkt") == {}
    for name, code in (
        ("GetBucketReplication", "ReplicationConfigurationNotFoundError"),
        ("GetObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"),
        ("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"),
    ):
        with refused(code, 404):
            getattr(s3, name)(Bucket="bkt")


def test_encryption_falls_back(s3: Api) -> None:
    s3.PutBucketEncryption(Bucket="bkt", ServerSideEncryptionConfiguration=KMS)
    assert s3.GetBucketEncryption(Bucket="bkt") == {"ServerSideEncryptionConfiguration": KMS}
    s3.DeleteBucketEncryption(Bucket="bkt")
    assert s3.GetBucketEncryption(Bucket="bkt") != {"ServerSideEncryptionConfiguration": KMS}


def test_switches(s3: Api) -> None:
    payer = {"Payer": "Requester"}
    s3.PutBucketRequestPayment(Bucket="bkt", RequestPaymentConfiguration=payer)
    assert s3.GetBucketRequestPayment(Bucket="bkt") == payer
    status = {"Status": "Enabled"}
    s3.PutBucketAccelerateConfiguration(Bucket="bkt", AccelerateConfiguration=status)
    assert s3.GetBucketAccelerateConfiguration(Bucket="bkt") == status


WRONG = [
    ("BucketCors", "CORSConfiguration", {}, "MalformedXML"),
    ("BucketCors", "CORSConfiguration", {"CORSRules": [{"AllowedMethods": ["GET"]}]},
     "MalformedXML"),
    ("BucketCors", "CORSConfiguration",
     {"CORSRules": [{"AllowedMethods": ["BREW"], "AllowedOrigins": ["*"]}]}, "InvalidRequest"),
    ("BucketCors", "CORSConfiguration",
     {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*.a.*"]}]}, "InvalidRequest"),
    ("BucketOwnershipControls", "OwnershipControls", {"Rules": []}, "MalformedXML"),
    ("BucketOwnershipControls", "OwnershipControls", {"Rules": [{"ObjectOwnership": "Mine"}]},
     "MalformedXML"),
    ("BucketEncryption", "ServerSideEncryptionConfiguration", {}, "MalformedXML"),
    ("BucketEncryption", "ServerSideEncryptionConfiguration",
     {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}}]},
     "MalformedXML"),
    ("BucketWebsite", "WebsiteConfiguration", {}, "InvalidArgument"),
    ("BucketWebsite", "WebsiteConfiguration", {"IndexDocument": {"Suffix": "a/b"}},
     "InvalidArgument"),
    ("BucketWebsite", "WebsiteConfiguration",
     {"RedirectAllRequestsTo": {"HostName": "h"}, "IndexDocument": {"Suffix": "i"}},
     "InvalidArgument"),
    ("BucketRequestPayment", "RequestPaymentConfiguration", {"Payer": "Nobody"}, "MalformedXML"),
    ("BucketAccelerateConfiguration", "AccelerateConfiguration", {}, "MalformedXML"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "member", "document", "code"), WRONG)
def test_refused(s3: Api, name: str, member: str, document: dict[str, Any], code: str) -> None:
    with refused(code, 400):
        getattr(s3, f"Put{name}")(Bucket="bkt", **{member: document})
