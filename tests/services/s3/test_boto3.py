"""S3 through boto3 and the AWS CLI against a real Owari: what users' own programs do."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

MIB = 1024 * 1024
AWS = str(Path(sys.executable).parent / "aws")
PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("s3") / "data") as running:
        running.client("s3").create_bucket(Bucket="bkt")
        yield running


@pytest.fixture
def s3(server: Server) -> Any:
    return server.client("s3")


def big(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def refused(call: Any, code: str, status: int, **params: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer: dict[str, Any] = caught.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    return answer


def test_put_get_head_delete(s3: Any) -> None:
    key = "a/b c+d/é~*'()!.txt"
    put = s3.put_object(
        Bucket="bkt", Key=key, Body=b"hello", Metadata={"One": "1"}, ContentType="text/plain",
        Tagging="t=1",
    )  # fmt: skip
    assert put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert put["ChecksumType"] == "FULL_OBJECT"
    got = s3.get_object(Bucket="bkt", Key=key)
    assert got["Body"].read() == b"hello"
    assert (got["Metadata"], got["ContentType"], got["TagCount"]) == (
        {"one": "1"}, "text/plain", 1,
    )  # fmt: skip
    assert got["ContentLength"] == s3.head_object(Bucket="bkt", Key=key)["ContentLength"] == 5
    part = s3.get_object(Bucket="bkt", Key=key, Range="bytes=1-2")
    assert part["Body"].read() == b"el"
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert key in [e["Key"] for e in s3.list_objects_v2(Bucket="bkt")["Contents"]]
    s3.delete_object(Bucket="bkt", Key=key)
    refused(s3.get_object, "NoSuchKey", 404, Bucket="bkt", Key=key)
    refused(s3.head_object, "404", 404, Bucket="bkt", Key=key)


def test_conditions(s3: Any) -> None:
    etag = s3.put_object(Bucket="bkt", Key="c", Body=b"1", IfNoneMatch="*")["ETag"]
    at = {"Bucket": "bkt", "Key": "c"}
    refused(s3.put_object, "PreconditionFailed", 412, **at, Body=b"2", IfNoneMatch="*")
    answer = refused(s3.get_object, "304", 304, **at, IfNoneMatch=etag)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["etag"] == etag
    modified = s3.head_object(**at)["LastModified"]
    refused(s3.get_object, "304", 304, **at, IfModifiedSince=modified)
    refused(s3.get_object, "PreconditionFailed", 412, **at, IfMatch='"x"')
    refused(s3.get_object, "InvalidRange", 416, **at, Range="bytes=9-")
    assert s3.get_object(**at, IfMatch=etag)["Body"].read() == b"1"
    s3.delete_object(**at)


def test_a_large_file_goes_up_in_parts_and_comes_down(s3: Any, tmp_path: Path) -> None:
    data = big(12 * MIB + 345)
    source, target = tmp_path / "up", tmp_path / "down"
    source.write_bytes(data)
    s3.upload_file(str(source), "bkt", "large", Config=PARTS)
    head = s3.head_object(Bucket="bkt", Key="large", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-3"') and head["ContentLength"] == len(data)
    s3.download_file("bkt", "large", str(target), Config=PARTS)
    assert target.read_bytes() == data
    s3.copy({"Bucket": "bkt", "Key": "large"}, "bkt", "copied", Config=PARTS)
    assert s3.get_object(Bucket="bkt", Key="copied")["Body"].read() == data
    whole = s3.copy_object(Bucket="bkt", Key="whole", CopySource="bkt/large")
    assert whole["CopyObjectResult"]["ETag"]
    assert s3.get_object(Bucket="bkt", Key="whole")["Body"].read() == data
    shown = s3.get_object_attributes(
        Bucket="bkt", Key="large", ObjectAttributes=["ObjectParts", "ObjectSize", "Checksum"]
    )
    assert shown["ObjectSize"] == len(data) and shown["ObjectParts"]["TotalPartsCount"] == 3
    for key in ("large", "copied", "whole"):
        s3.delete_object(Bucket="bkt", Key=key)


def test_a_body_of_one_put_in_a_blob(s3: Any) -> None:
    data = big(3 * MIB)
    s3.put_object(Bucket="bkt", Key="blob", Body=data, ChecksumAlgorithm="SHA256")
    got = s3.get_object(Bucket="bkt", Key="blob", ChecksumMode="ENABLED")
    assert got["Body"].read() == data and got["ChecksumSHA256"]
    got = s3.get_object(Bucket="bkt", Key="blob", Range=f"bytes={MIB}-{2 * MIB}")
    assert got["Body"].read() == data[MIB : 2 * MIB + 1]
    s3.delete_object(Bucket="bkt", Key="blob")


def test_multipart_errors(s3: Any) -> None:
    ids = {"Bucket": "bkt", "Key": "m"}
    ids["UploadId"] = s3.create_multipart_upload(**ids)["UploadId"]
    etags = [s3.upload_part(**ids, PartNumber=n, Body=b"small")["ETag"] for n in (1, 2)]
    parts = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]
    complete = s3.complete_multipart_upload
    refused(complete, "EntityTooSmall", 400, **ids, MultipartUpload={"Parts": parts})
    refused(complete, "InvalidPartOrder", 400, **ids, MultipartUpload={"Parts": parts[::-1]})
    assert [p["Size"] for p in s3.list_parts(**ids)["Parts"]] == [5, 5]
    done = complete(**ids, MultipartUpload={"Parts": parts[:1]})
    assert done["ETag"].endswith('-1"') and done["Key"] == "m"
    refused(s3.abort_multipart_upload, "NoSuchUpload", 404, **ids)
    s3.delete_object(Bucket="bkt", Key="m")


def test_a_full_object_checksum_is_checked_at_the_end(s3: Any) -> None:
    data = [big(5 * MIB), b"tail"]
    ids = {"Bucket": "bkt", "Key": "f"}
    made = s3.create_multipart_upload(**ids, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    ids["UploadId"] = made["UploadId"]
    parts = []
    for number, body in enumerate(data, 1):
        part = s3.upload_part(**ids, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    whole = {"Parts": parts}
    wrong = "AAAAAA=="
    refused(
        s3.complete_multipart_upload, "BadDigest", 400, **ids, MultipartUpload=whole,
        ChecksumCRC32=wrong,
    )  # fmt: skip
    done = s3.complete_multipart_upload(**ids, MultipartUpload=whole)
    assert done["ChecksumType"] == "FULL_OBJECT"
    put = s3.put_object(Bucket="bkt", Key="f", Body=b"".join(data), ChecksumAlgorithm="CRC32")
    assert put["ChecksumCRC32"] == done["ChecksumCRC32"]
    s3.delete_object(Bucket="bkt", Key="f")


def test_listings_and_paginators(s3: Any) -> None:
    s3.create_bucket(Bucket="listing")
    names = [f"d{n // 4}/k {n}+é" for n in range(12)] + ["top"]
    for name in names:
        s3.put_object(Bucket="listing", Key=name, Body=b"x")
    for operation in ("list_objects", "list_objects_v2"):
        pages = s3.get_paginator(operation).paginate(
            Bucket="listing", PaginationConfig={"PageSize": 5}
        )
        assert [e["Key"] for page in pages for e in page["Contents"]] == sorted(names)
        pages = s3.get_paginator(operation).paginate(
            Bucket="listing", Delimiter="/", PaginationConfig={"PageSize": 2}
        )
        found = [p["Prefix"] for page in pages for p in page.get("CommonPrefixes", [])]
        assert found == ["d0/", "d1/", "d2/"]
    objects = [{"Key": name} for name in names]
    done = s3.delete_objects(Bucket="listing", Delete={"Objects": objects})
    assert len(done["Deleted"]) == len(names) and "Errors" not in done
    assert "Contents" not in s3.list_objects_v2(Bucket="listing")
    s3.delete_bucket(Bucket="listing")


def test_versions(s3: Any) -> None:
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    at = {"Bucket": "versions", "Key": "k"}
    ids = [s3.put_object(**at, Body=body)["VersionId"] for body in (b"1", b"2")]
    marker = s3.delete_object(**at)
    assert marker["DeleteMarker"] is True
    answer = refused(s3.get_object, "NoSuchKey", 404, **at)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    refused(s3.get_object, "MethodNotAllowed", 405, **at, VersionId=marker["VersionId"])
    assert s3.get_object(**at, VersionId=ids[0])["Body"].read() == b"1"
    page = s3.list_object_versions(Bucket="versions")
    assert [v["VersionId"] for v in page["Versions"]] == ids[::-1]
    assert page["DeleteMarkers"][0]["IsLatest"] is True
    s3.delete_object(**at, VersionId=marker["VersionId"])
    assert s3.get_object(**at)["Body"].read() == b"2"
    for id in ids:
        s3.delete_object(**at, VersionId=id)
    s3.delete_bucket(Bucket="versions")


def test_settings(s3: Any) -> None:
    s3.create_bucket(Bucket="settings")
    b = {"Bucket": "settings"}
    rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 5}]
    s3.put_bucket_cors(**b, CORSConfiguration={"CORSRules": rules})
    assert s3.get_bucket_cors(**b)["CORSRules"] == rules
    lifecycle = [
        {
            "ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"},
            "Expiration": {"Days": 3},
        }
    ]  # fmt: skip
    s3.put_bucket_lifecycle_configuration(**b, LifecycleConfiguration={"Rules": lifecycle})
    assert s3.get_bucket_lifecycle_configuration(**b)["Rules"] == lifecycle
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    s3.put_bucket_tagging(**b, Tagging=tags)
    assert s3.get_bucket_tagging(**b)["TagSet"] == tags["TagSet"]
    assert s3.get_public_access_block(**b)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    assert s3.get_bucket_encryption(**b)["ServerSideEncryptionConfiguration"]["Rules"]
    assert s3.get_bucket_acl(**b)["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert s3.get_bucket_location(**b)["LocationConstraint"] is None
    s3.put_bucket_website(**b, WebsiteConfiguration={"IndexDocument": {"Suffix": "i"}})
    assert s3.get_bucket_website(**b)["IndexDocument"] == {"Suffix": "i"}
    s3.put_bucket_request_payment(**b, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(**b)["Payer"] == "Requester"
    for call, code in (
        (s3.get_bucket_policy, "NoSuchBucketPolicy"),
        (s3.get_bucket_replication, "ReplicationConfigurationNotFoundError"),
        (s3.get_object_lock_configuration, "ObjectLockConfigurationNotFoundError"),
    ):
        refused(call, code, 404, **b)
    policy = '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::settings"}]}'  # noqa: E501
    s3.put_bucket_policy(**b, Policy=policy)
    assert s3.get_bucket_policy(**b)["Policy"] == policy
    assert s3.get_bucket_policy_status(**b)["PolicyStatus"]["IsPublic"] is False
    assert s3.get_bucket_notification_configuration(**b).keys() == {"ResponseMetadata"}
    s3.delete_bucket(**b)
    refused(s3.head_bucket, "404", 404, **b)


def test_tags_and_acl_of_an_object(s3: Any) -> None:
    at = {"Bucket": "bkt", "Key": "tagged"}
    s3.put_object(**at, Body=b"")
    s3.put_object_tagging(**at, Tagging={"TagSet": [{"Key": "a b", "Value": "+"}]})
    assert s3.get_object_tagging(**at)["TagSet"] == [{"Key": "a b", "Value": "+"}]
    s3.delete_object_tagging(**at)
    assert s3.get_object_tagging(**at)["TagSet"] == []
    assert s3.get_object_acl(**at)["Owner"]["ID"]
    s3.put_object_acl(**at, ACL="public-read")
    assert len(s3.get_object_acl(**at)["Grants"]) == 2
    s3.delete_object(**at)


@pytest.mark.parametrize("version", [{}, {"signature_version": "s3v4"}])
def test_presigned_urls_and_forms(server: Server, version: dict[str, str]) -> None:
    s3 = server.client("s3", **version)
    at = {"Bucket": "bkt", "Key": "pre signed"}
    url = s3.generate_presigned_url("put_object", Params=at)
    request = urllib.request.Request(url, b"by url", method="PUT")
    assert urllib.request.urlopen(request).status == 200
    url = s3.generate_presigned_url(
        "get_object", Params=at | {"ResponseContentType": "text/x-mine"}
    )
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"by url"
        assert answer.headers["Content-Type"] == "text/x-mine"
    form = s3.generate_presigned_post("bkt", "form/${filename}")
    fields = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form["fields"].items()
    )
    file = 'Content-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\nby form'
    body = f"{fields}--b\r\n{file}\r\n--b--\r\n".encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    request = urllib.request.Request(form["url"], body, headers)
    assert urllib.request.urlopen(request).status == 204
    assert s3.get_object(Bucket="bkt", Key="form/f.txt")["Body"].read() == b"by form"
    for key in ("form/f.txt", "pre signed"):
        s3.delete_object(Bucket="bkt", Key=key)


def ask(method: str, url: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    """Status and headers of a plain request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, body, named, method=method))
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        return answer.status, answer.headers


def test_pages_from_elsewhere_and_callers_without_keys(server: Server, s3: Any) -> None:
    page, url = "https://app.example.com", f"{server.endpoint}/web/k"
    s3.create_bucket(Bucket="web")
    s3.put_object(Bucket="web", Key="k", Body=b"hello")
    asks = {"Origin": page, "Access_Control_Request_Method": "GET"}
    assert ask("OPTIONS", url, **asks)[0] == 403
    assert ask("GET", url)[0] == 403
    s3.delete_public_access_block(Bucket="web")
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::web/*",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="web", Policy=json.dumps({"Statement": statement}))
    assert ask("GET", url)[0] == 200
    assert ask("GET", url, Origin=page)[0] == 403
    rule = {"AllowedOrigins": [page], "AllowedMethods": ["GET"]}
    s3.put_bucket_cors(Bucket="web", CORSConfiguration={"CORSRules": [rule]})
    for method, headers in (("OPTIONS", asks), ("GET", {"Origin": page})):
        status, told = ask(method, url, **headers)
        assert (status, told["Access-Control-Allow-Origin"]) == (200, page)
    assert ask("PUT", url, b"x", Origin=page)[0] == 403
    assert ask("GET", url, Origin="https://evil.example")[0] == 403
    s3.delete_object(Bucket="web", Key="k")
    s3.delete_bucket(Bucket="web")


def test_events_reach_a_function(server: Server, s3: Any) -> None:
    source = """
import boto3, json
def handler(event, context):
    record = event["Records"][0]
    boto3.client("s3").put_object(
        Bucket="events", Key="out/" + record["s3"]["object"]["sequencer"],
        Body=json.dumps(record).encode())
"""
    s3.create_bucket(Bucket="events")
    arn = server.function("listener", source)
    wanted = {
        "LambdaFunctionArn": arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
    }
    missing = wanted | {"LambdaFunctionArn": arn + "-not"}
    answer = refused(
        s3.put_bucket_notification_configuration, "InvalidArgument", 400, Bucket="events",
        NotificationConfiguration={"LambdaFunctionConfigurations": [missing]},
    )  # fmt: skip
    assert "Unable to validate" in answer["Error"]["Message"]
    s3.put_bucket_notification_configuration(
        Bucket="events", NotificationConfiguration={"LambdaFunctionConfigurations": [wanted]}
    )
    put = s3.put_object(Bucket="events", Key="in/a b", Body=b"data")["ResponseMetadata"]
    page = {"Bucket": "events", "Prefix": "out/"}
    (written,) = eventually(lambda: s3.list_objects_v2(**page).get("Contents"))
    record = json.loads(s3.get_object(Bucket="events", Key=written["Key"])["Body"].read())
    assert record["s3"]["object"]["key"] == "in/a+b"
    assert record["eventName"] == "ObjectCreated:Put"
    for name, value in record["responseElements"].items():
        assert put["HTTPHeaders"][name] == value


def test_the_cli_syncs_a_folder(server: Server, s3: Any, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b c.txt"):
        (source / name).write_text(name)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for a, b in ((str(source), "s3://bkt/sync"), ("s3://bkt/sync", str(target))):
        subprocess.run([AWS, "s3", "sync", a, b, "--quiet"], env=environment, check=True)
    assert (target / "sub" / "b c.txt").read_text() == "sub/b c.txt"
    subprocess.run(
        [AWS, "s3", "rm", "--recursive", "--quiet", "s3://bkt/sync"], env=environment, check=True
    )
    assert "Contents" not in s3.list_objects_v2(Bucket="bkt", Prefix="sync/")
