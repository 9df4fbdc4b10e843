"""What only S3 does."""

from __future__ import annotations

import zlib
from base64 import b64encode
from typing import Any

import pytest
from botocore.exceptions import ClientError

from owari.errors import ServiceError
from owari.wire.message import Body, Request
from owari.wire.s3_quirks import copy_source
from tests.wire import oracle
from tests.wire.client import Server, exchange, refusal, settings

WIRE = settings()
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request,"
    " SignedHeaders=host, Signature=00"
)


def asked(operation: str, result: Any = None, **params: Any) -> tuple[Server, dict[str, Any]]:
    server = Server(WIRE, result=result)
    found = getattr(server.client("s3"), operation)(**params)
    found.pop("ResponseMetadata")
    return server, found


@pytest.mark.parametrize("where", ["eu-west-1", None])
def test_the_location_is_the_text_of_the_root(where: str | None) -> None:
    _, found = asked("get_bucket_location", {"LocationConstraint": where}, Bucket="b")
    assert found == {"LocationConstraint": where}


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("b/k", {"Bucket": "b", "Key": "k"}),
        ("/b/a%20b%2Fc+d", {"Bucket": "b", "Key": "a b/c+d"}),
        ("b/k?versionId=v%2F1", {"Bucket": "b", "Key": "k", "VersionId": "v/1"}),
        ("b/k%3FversionId=v", {"Bucket": "b", "Key": "k?versionId=v"}),
        ("b%2Fk", {"Bucket": "b", "Key": "k"}),
        ("b//k", {"Bucket": "b", "Key": "/k"}),
    ],
)
def test_copy_sources(text: str, source: dict[str, str]) -> None:
    assert copy_source(text) == source


@pytest.mark.parametrize("text", ["", "b", "b/", "/", "/k", "b/%ff"])
def test_no_copy_sources(text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        copy_source(text)
    assert caught.value.status == 400


@pytest.mark.parametrize("given", [{"Bucket": "s", "Key": "a b?/ü+"}, "s/a b"])
def test_copy_sources_of_boto3(given: Any) -> None:
    server, _ = asked("copy_object", {}, Bucket="b", Key="k", CopySource=given)
    assert server.calls[0].params["CopySource"]["Bucket"] == "s"
    assert server.calls[0].params["CopySource"]["Key"] in ("a b?/ü+", "a b")


def test_lists_are_asked_for_and_read_with_encoded_keys() -> None:
    result = {"EncodingType": "url", "Contents": [{"Key": "a%20b%0A"}], "Prefix": "a%20"}
    server, found = asked("list_objects_v2", result, Bucket="b")
    assert server.calls[0].params["EncodingType"] == "url"
    assert (found["Contents"][0]["Key"], found["Prefix"]) == ("a b\n", "a ")


def test_expires_is_any_text() -> None:
    server, _ = asked("put_object", {}, Bucket="b", Key="k", Expires=86_400)
    assert server.calls[0].params["Expires"] == "Fri, 02 Jan 1970 00:00:00 GMT"
    _, found = asked("get_object", {"Expires": "tomorrow"}, Bucket="b", Key="k")
    assert found["ExpiresString"] == "tomorrow"


def test_a_head_speaks_of_a_body_that_does_not_follow() -> None:
    server, found = asked("head_object", {"ContentLength": 7, "ETag": '"e"'}, Bucket="b", Key="k")
    assert found["ContentLength"] == 7
    assert server.responses[0].body == b""
    server, _ = asked(
        "get_object", {"ContentLength": 7, "Body": Body.of(b"x")}, Bucket="b", Key="k"
    )
    assert "Content-Length" not in dict(server.responses[0].headers)


def test_a_range_is_partial() -> None:
    result = {"ContentRange": "bytes 0-0/2", "Body": Body.of(b"x")}
    server, _ = asked("get_object", result, Bucket="b", Key="k", Range="bytes=0-0")
    assert server.responses[0].status == 206


@pytest.mark.parametrize("operation", ["head_object", "get_object"])
def test_overrides_of_the_answers_headers(operation: str) -> None:
    server, found = asked(
        operation,
        {"ContentType": "a/b", "Body": Body.of(b"x")} if operation == "get_object" else {},
        Bucket="b",
        Key="k",
        ResponseContentType="text/plain",
        ResponseContentDisposition="attachment; filename=ü\r\nx: y",
    )
    assert found["ContentType"] == "text/plain"
    value = dict(server.responses[0].headers)["Content-Disposition"]
    assert "\r" not in value and "\n" not in value


def test_metadata_beyond_ascii() -> None:
    result = {"Metadata": {"name": "ü", "other": "a\r\nb"}, "Body": Body.of(b"")}
    server, _ = asked("get_object", result, Bucket="b", Key="k")
    headers = dict(server.responses[0].headers)
    assert headers["x-amz-meta-name"] == "=?UTF-8?B?w7w=?="
    assert headers["x-amz-meta-other"] == "a  b"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("NoSuchKey", 404),
        ("NoSuchBucketPolicy", 404),
        ("BucketNotEmpty", 409),
        ("PreconditionFailed", 412),
        ("InvalidRange", 416),
        ("SlowDown", 503),
        ("InvalidArgument", 400),
        ("AnythingElse", 400),
    ],
)
def test_errors(code: str, status: int) -> None:
    server = Server(WIRE, result=ServiceError(code, "why & <how>", fields={"Detail": "é"}))
    with pytest.raises(ClientError) as caught:
        server.client("s3").get_object(Bucket="b", Key="k")
    found = caught.value.response
    assert found["Error"]["Code"] == code
    assert found["Error"]["Message"] == "why & <how>"
    assert found["Error"]["Detail"] == "é"
    assert found["Error"]["Resource"] == "/b/k"
    assert found["ResponseMetadata"]["HTTPStatusCode"] == status
    assert (
        found["ResponseMetadata"]["RequestId"]
        == dict(server.responses[0].headers)["x-amz-request-id"]
    )
    assert found["ResponseMetadata"]["HostId"]


def test_errors_without_a_body() -> None:
    error = ServiceError("NoSuchKey", "no", headers={"x-amz-delete-marker": "true"})
    server = Server(WIRE, result=error)
    with pytest.raises(ClientError, match="404"):
        server.client("s3").head_object(Bucket="b", Key="k")
    assert server.responses[0].body == b""
    assert dict(server.responses[0].headers)["x-amz-delete-marker"] == "true"
    server.result = ServiceError("NotModified", "Not Modified", headers={"ETag": '"e"'})
    with pytest.raises(ClientError, match="304"):
        server.client("s3").get_object(Bucket="b", Key="k", IfNoneMatch='"e"')
    assert server.responses[1].body == b""
    assert dict(server.responses[1].headers)["ETag"] == '"e"'


def test_virtual_hosts() -> None:
    server = Server(WIRE, result={})
    client = server.client(
        "s3", endpoint="http://localhost:4566", s3={"addressing_style": "virtual"}
    )
    client.put_object(Bucket="my-bucket", Key="a/b", Body=b"")
    assert server.requests[0].headers["host"] == "my-bucket.localhost:4566"
    params = server.calls[0].params
    assert (params["Bucket"], params["Key"]) == ("my-bucket", "a/b")
    server.client("s3", endpoint=None).get_object(Bucket="my-bucket", Key="k")
    assert server.calls[1].params["Bucket"] == "my-bucket"


def test_awss_own_host_names() -> None:
    server = Server(WIRE, result={})
    server.client("sns", endpoint=None).list_topics()
    server.client("lambda", endpoint=None).list_functions()
    server.client("stepfunctions", endpoint=None).list_state_machines()
    assert [c.service for c in server.calls] == ["sns", "lambda", "stepfunctions"]


def test_anonymous_reads_are_denied() -> None:
    request = Request("GET", "/b/k", "", {"host": "localhost"})
    assert refusal(request, WIRE).code == "AccessDenied"


@pytest.mark.parametrize("text", ["Enabled", "Suspended"])
def test_xml_without_a_namespace_is_taken(text: str) -> None:
    body = f"<VersioningConfiguration><Status>{text}</Status></VersioningConfiguration>".encode()
    headers = {"host": "localhost", "authorization": oracle.authorization("s3")}
    headers["x-amz-checksum-crc32"] = _crc32(body)
    _, call = exchange(Request("PUT", "/b", "versioning", headers), body, WIRE)
    assert call.params["VersioningConfiguration"] == {"Status": text}


def _crc32(body: bytes) -> str:
    return b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def test_a_post_that_is_nothing_of_s3s() -> None:
    """Without `uploadId` it does not complete an upload."""
    request = Request("POST", "/b/k", "", {"host": "localhost", "authorization": SIGNED})
    refused = refusal(request, WIRE, b"<CompleteMultipartUpload/>")
    assert (refused.code, refused.status) == ("MethodNotAllowed", 405)


def test_the_payload_hash_is_one() -> None:
    headers = {"host": "localhost", "authorization": SIGNED, "x-amz-content-sha256": "foo"}
    refused = refusal(Request("PUT", "/b/k", "", headers), WIRE, b"x")
    assert (refused.code, refused.status) == ("InvalidArgument", 400)
    assert refused.fields["ArgumentName"] == "x-amz-content-sha256"
