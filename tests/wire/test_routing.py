"""What a request's head means."""

from __future__ import annotations

import pytest
from botocore import parsers

from owari.errors import ServiceError
from owari.wire import catalogue, hosts
from owari.wire.exchange import Exchange
from owari.wire.message import Request
from owari.wire.model import load
from owari.wire.routing import FORM, route
from tests.wire import oracle
from tests.wire.client import exchange, refusal, settings


def get(host: str, path: str = "/", query: str = "", method: str = "GET", **more: str) -> Request:
    headers = {"host": host, **{k.replace("_", "-"): v for k, v in more.items()}}
    return Request(method, path, query, headers)


@pytest.mark.parametrize("prefix", catalogue.TARGETS)
def test_the_catalogue_agrees_with_the_models(prefix: str) -> None:
    model = load(catalogue.TARGETS[prefix])
    assert model is not None
    assert model.target_prefix == prefix


@pytest.mark.parametrize("version", catalogue.VERSIONS)
def test_versions_agree_with_the_models(version: str) -> None:
    model = load(catalogue.VERSIONS[version])
    assert model is not None
    assert model.api_version == version


@pytest.mark.parametrize("service", oracle.SERVICES)
def test_every_service_is_found_by_its_scope(service: str) -> None:
    metadata = oracle.model(service).metadata
    scope = metadata.get("signingName", metadata["endpointPrefix"])
    assert catalogue.service_of_scope(scope) == service
    if "targetPrefix" in metadata and service != "batch":
        assert catalogue.TARGETS[metadata["targetPrefix"]] == service


@pytest.mark.parametrize(
    ("host", "service", "bucket", "region"),
    [
        ("localhost:4566", None, None, None),
        ("127.0.0.1:4566", None, None, None),
        ("[::1]:4566", None, None, None),
        ("", None, None, None),
        ("s3.localhost:4566", "s3", None, None),
        ("b.s3.localhost:4566", "s3", "b", None),
        ("my.dotted.bucket.s3.localhost", "s3", "my.dotted.bucket", None),
        ("b.localhost:4566", None, "b", None),
        ("B.LOCALHOST", None, "b", None),
        ("s3.amazonaws.com", "s3", None, None),
        ("s3.eu-west-1.amazonaws.com", "s3", None, "eu-west-1"),
        ("b.s3.eu-west-1.amazonaws.com", "s3", "b", "eu-west-1"),
        ("b.s3.dualstack.eu-west-1.amazonaws.com", "s3", "b", "eu-west-1"),
        ("b.s3-eu-west-1.amazonaws.com", "s3", "b", None),
        ("b.s3-accelerate.amazonaws.com", "s3", "b", None),
        ("sns.us-east-1.amazonaws.com", "sns", None, "us-east-1"),
        ("states.us-east-1.localhost", "stepfunctions", None, "us-east-1"),
        ("monitoring.us-east-1.amazonaws.com", "cloudwatch", None, "us-east-1"),
        ("b.owari.lan:4566", None, "b", None),
        ("owari.lan:4566", None, None, None),
        ("example.com", None, None, None),
    ],
)
def test_hosts(host: str, service: str | None, bucket: str | None, region: str | None) -> None:
    found = hosts.meaning(host, ("owari.lan",))
    assert (found.service, found.bucket, found.region) == (service, bucket, region)


@pytest.mark.parametrize(
    ("method", "host", "path", "query", "operation", "labels"),
    [
        ("GET", "localhost", "/", "", "ListBuckets", {}),
        ("GET", "localhost", "/", "x-id=ListDirectoryBuckets", "ListDirectoryBuckets", {}),
        ("GET", "localhost", "/b", "", "ListObjects", {"Bucket": "b"}),
        ("GET", "localhost", "/b/", "", "ListObjects", {"Bucket": "b"}),
        ("GET", "localhost", "/b", "list-type=2", "ListObjectsV2", {"Bucket": "b"}),
        ("GET", "localhost", "/b", "list-type=1", "ListObjects", {"Bucket": "b"}),
        ("GET", "localhost", "/b", "versions", "ListObjectVersions", {"Bucket": "b"}),
        ("GET", "localhost", "/b", "uploads", "ListMultipartUploads", {"Bucket": "b"}),
        ("GET", "localhost", "/b", "lifecycle", "GetBucketLifecycleConfiguration", {"Bucket": "b"}),
        ("GET", "localhost", "/b", "inventory", "ListBucketInventoryConfigurations", None),
        ("GET", "localhost", "/b", "inventory&id=x", "GetBucketInventoryConfiguration", None),
        ("GET", "b.s3.localhost", "/", "location=", "GetBucketLocation", {"Bucket": "b"}),
        ("GET", "b.localhost", "/k", "", "GetObject", {"Bucket": "b", "Key": "k"}),
        ("GET", "b.localhost", "//k", "", "GetObject", {"Bucket": "b", "Key": "/k"}),
        ("GET", "localhost", "/b/k", "", "GetObject", {"Bucket": "b", "Key": "k"}),
        ("GET", "localhost", "/b//a/../k/", "", "GetObject", {"Bucket": "b", "Key": "/a/../k/"}),
        ("GET", "localhost", "/b/a%2Fb+c%20d", "", "GetObject", {"Bucket": "b", "Key": "a/b+c d"}),
        ("GET", "localhost", "/b/k", "attributes", "GetObjectAttributes", None),
        ("GET", "localhost", "/b/k", "uploadId=u", "ListParts", None),
        ("GET", "localhost", "/b/k", "foo=bar&x-id=GetObject", "GetObject", None),
        ("HEAD", "localhost", "/b", "", "HeadBucket", None),
        ("HEAD", "localhost", "/b/k", "", "HeadObject", None),
        ("PUT", "localhost", "/b/k", "", "PutObject", None),
        ("PUT", "localhost", "/b/k", "partNumber=1&uploadId=u", "UploadPart", None),
        ("PUT", "localhost", "/b/k", "tagging", "PutObjectTagging", None),
        ("PUT", "localhost", "/b", "notification", "PutBucketNotificationConfiguration", None),
        ("POST", "localhost", "/b/k", "uploads", "CreateMultipartUpload", None),
        ("POST", "localhost", "/b/k", "uploadId=u", "CompleteMultipartUpload", None),
        ("POST", "localhost", "/b", "delete", "DeleteObjects", None),
        ("DELETE", "localhost", "/b/k", "uploadId=u", "AbortMultipartUpload", None),
        ("DELETE", "localhost", "/b/k", "versionId=v", "DeleteObject", None),
        ("DELETE", "localhost", "/b", "", "DeleteBucket", None),
    ],
)
def test_s3(
    method: str, host: str, path: str, query: str, operation: str, labels: dict[str, str] | None
) -> None:
    found = route(get(host, path, query, method))
    assert found.operation is not None
    assert found.operation.name == operation
    assert labels is None or found.labels == labels


def test_s3_copies_are_puts_with_a_source() -> None:
    source = {"x_amz_copy_source": "/b/k"}
    found = route(get("localhost", "/b/k", "", "PUT", **source))
    assert found.operation is not None and found.operation.name == "CopyObject"
    found = route(get("localhost", "/b/k", "partNumber=1&uploadId=u", "PUT", **source))
    assert found.operation is not None and found.operation.name == "UploadPartCopy"


@pytest.mark.parametrize(
    ("request_", "code", "status"),
    [
        (get("localhost", "/b/k", method="PATCH"), "MethodNotAllowed", 405),
        (get("localhost", "/b/%ff"), "InvalidURI", 400),
        (get("localhost", "/b", "prefix=%ff"), "InvalidURI", 400),
        (get("localhost", x_amz_target="Nobody.Knows"), "UnknownOperationException", 400),
        (get("localhost", x_amz_target="Logs_20140328.Nothing"), "UnknownOperationException", 400),
        (get("localhost", x_amz_target=""), "UnknownOperationException", 400),
        (
            get("localhost", "/service/A/operation/B", smithy_protocol="rpc-v2-cbor"),
            "UnknownOperationException",
            404,
        ),
        (get("localhost", query="Action=Nothing&Version=2010-03-31"), "InvalidAction", 400),
        (get("localhost", query="Action=Publish&Version=1999-01-01"), "InvalidAction", 400),
        (get("lambda.us-east-1.amazonaws.com", "/nowhere"), "UnknownOperationException", 404),
        (get("sns.us-east-1.amazonaws.com", method="POST"), "MissingAction", 400),
        (
            get("localhost", authorization=oracle.authorization("nosuchservice")),
            "UnknownOperationException",
            404,
        ),
        (
            get("localhost", authorization=oracle.authorization("../../etc")),
            "AuthorizationHeaderMalformed",
            400,
        ),
    ],
)
def test_what_leads_nowhere(request_: Request, code: str, status: int) -> None:
    refused = refusal(request_, settings())
    assert (refused.code, refused.status) == (code, status)


def test_ec2_is_refused_as_its_clients_read_it() -> None:
    wire = settings(declared=lambda _service, _name: False)
    head = {"authorization": oracle.authorization("ec2"), "content_type": FORM}
    call = Exchange(get("localhost", method="POST", **head), wire)
    with pytest.raises(ServiceError) as raised:
        call.parse(b"Action=DescribeInstances&Version=2016-11-15")
    response = call.refuse(raised.value)
    said = parsers.create_parser("ec2").parse(
        {"status_code": response.status, "headers": {}, "body": response.body}, None
    )
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert said["Error"] == {
        "Code": "NotImplemented", "Message": "Owari does not implement ec2:DescribeInstances.",
    }  # fmt: skip


def test_an_operation_we_lack_answers_501_naming_it() -> None:
    wire = settings(declared=lambda _service, name: name != "PutBucketWebsite")
    request = get("localhost", "/b", "website", "PUT", authorization=oracle.authorization("s3"))
    refused = refusal(request, wire)
    assert refused.status == 501
    assert "s3:PutBucketWebsite" in refused.message


def test_even_of_a_service_nobody_thought_of() -> None:
    request = get(
        "localhost",
        method="POST",
        authorization=oracle.authorization("athena"),
        x_amz_target="AmazonAthena.StartQueryExecution",
    )
    refused = refusal(request, settings(declared=lambda _service, _name: False))
    assert "athena:StartQueryExecution" in refused.message


@pytest.mark.parametrize(
    "path",
    [
        "/2015-03-31/functions/f/invocations",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aa%3A1%3Afunction%3Af/invocations",
    ],
)
def test_rest_labels(path: str) -> None:
    request = get("x", path, method="POST", authorization=oracle.authorization("lambda"))
    _, call = exchange(request, b"{}", settings()) if "%" not in path else (None, None)
    if call is not None:
        assert call.params["FunctionName"] == "f"
    found = route(request)
    assert found.operation is not None and found.operation.name == "Invoke"
    assert found.labels["FunctionName"] in ("f", "arn:aws:lambda:a:1:function:f")


def test_a_trailing_slash_means_nothing_in_rest_paths() -> None:
    request = get("x", "/2015-03-31/functions/", authorization=oracle.authorization("lambda"))
    found = route(request)
    assert found.operation is not None and found.operation.name == "ListFunctions"
