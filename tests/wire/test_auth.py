"""Signatures, with botocore's signers as the oracle."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.utils import percent_encode
from hypothesis import given
from hypothesis import strategies as st

from owari.wire.message import Request
from tests.wire.client import (
    AKIA,
    ISSUER,
    OWNER,
    SECRET,
    Server,
    exchange,
    refusal,
    settings,
    to_request,
)

VERIFY = settings(verify=True)
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:f"
TOPIC = "arn:aws:sns:eu-west-1:111111111111:t"


def calls(server: Server, **key: Any) -> list[Any]:
    """One call in each protocol."""
    return [
        lambda: server.client("s3", **key).put_object(Bucket="b", Key="a b/é+%", Body=b"x"),
        lambda: server.client("s3", **key).list_objects_v2(Bucket="b", Prefix="ü &=+"),
        lambda: server.client("sns", **key).publish(TopicArn=TOPIC, Message="a&b ü"),
        lambda: server.client("lambda", **key).invoke(FunctionName="f", Payload=b"{}"),
        lambda: server.client("lambda", **key).list_tags(Resource=FUNCTION),
        lambda: server.client("logs", **key).describe_log_groups(),
        lambda: server.client("cloudwatch", **key).list_metrics(),
    ]


@pytest.mark.parametrize("number", range(7))
def test_a_good_signature_is_believed(number: int) -> None:
    server = Server(VERIFY, result={"StatusCode": 200})
    calls(server, key=AKIA)[number]()
    identity = server.calls[0].identity
    assert (identity.account, identity.region) == (OWNER, "eu-west-1")
    assert identity.principal == f"arn:aws:iam::{OWNER}:user/ann"


MISMATCH = ["SignatureDoesNotMatch"] * 3 + ["InvalidSignatureException"] * 4
UNKNOWN = ["InvalidAccessKeyId"] * 2 + ["InvalidClientTokenId"]
UNKNOWN += ["UnrecognizedClientException"] * 4


@pytest.mark.parametrize("number", range(7))
def test_a_wrong_secret_is_not(number: int) -> None:
    server = Server(VERIFY)
    with pytest.raises(ClientError) as caught:
        calls(server, key=AKIA, secret="wrong")[number]()
    assert caught.value.response["Error"]["Code"] == MISMATCH[number]


@pytest.mark.parametrize("number", range(7))
def test_nor_is_an_unknown_key(number: int) -> None:
    server = Server(VERIFY)
    with pytest.raises(ClientError) as caught:
        calls(server, key="AKIAUNKNOWN")[number]()
    assert caught.value.response["Error"]["Code"] == UNKNOWN[number]


@pytest.mark.parametrize("verify", [True, False])
def test_session_credentials(verify: bool) -> None:
    arn = "arn:aws:sts::222222222222:assumed-role/r/s"
    issued = ISSUER.issue("2" * 12, arn, time.time() + 60)
    server = Server(settings(verify=verify), result={})
    key = {"key": issued.access_key, "secret": issued.secret_key, "token": issued.token}
    server.client("sns", **key).publish(TopicArn=TOPIC, Message="x")
    assert server.calls[0].identity.principal == arn
    assert server.calls[0].identity.account == "2" * 12

    server.wire = settings(verify=verify, now=lambda: time.time() + 120)
    with pytest.raises(ClientError, match="ExpiredToken"):
        server.client("sns", **key).publish(TopicArn=TOPIC, Message="x")


def test_a_forged_token_is_refused_when_signatures_count() -> None:
    issued = ISSUER.issue("2" * 12, "arn:aws:sts::2:assumed-role/r/s", time.time() + 60)
    server = Server(VERIFY)
    for token in (issued.token[:-4] + "AAA=", "x", "é", "."):
        request = signed("GET", "http://localhost/b", "s3", issued.access_key, issued.secret_key)
        request.headers["x-amz-security-token"] = token
        assert refusal(request, server.wire).code == "InvalidToken"


def signed(
    method: str,
    url: str,
    service: str,
    key: str = AKIA,
    secret: str = SECRET,
    data: bytes = b"",
    signer: Any = None,
    **headers: str,
) -> Request:
    request = AWSRequest(method=method, url=url, data=data, headers=headers)
    chosen = signer or (S3SigV4Auth if service == "s3" else SigV4Auth)
    chosen(Credentials(key, secret), service, "us-east-1").add_auth(request)
    return to_request(request.prepare())


PATHS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


@given(PATHS, st.dictionaries(PATHS.filter(bool), PATHS, max_size=4))
def test_any_path_and_query_of_s3(path: str, query: dict[str, str]) -> None:
    from_client = AWSRequest(
        method="GET", url=f"http://localhost/b/{_quoted(path)}", params=query, headers={}
    )
    S3SigV4Auth(Credentials(AKIA, SECRET), "s3", "us-east-1").add_auth(from_client)
    _, call = exchange(to_request(from_client.prepare()), b"", VERIFY)
    assert call.identity.account == OWNER
    assert call.params.get("Key", "") == path


def _quoted(text: str) -> str:
    return str(percent_encode(text, safe="/~-_."))


def test_the_body_is_part_of_the_signature_outside_s3() -> None:
    body = b"Action=Publish&Version=2010-03-31&Message=m&TopicArn=" + TOPIC.encode()
    form = "application/x-www-form-urlencoded"
    request = signed("POST", "http://localhost/", "sns", data=body, **{"Content-Type": form})
    assert exchange(request, body, VERIFY)[1].operation == "Publish"
    assert refusal(request, VERIFY, body + b"&Subject=s").code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("offset", "code"), [(-901, True), (901, True), (-900, False), (900, False)]
)
def test_the_clock_may_be_fifteen_minutes_off(offset: float, code: bool) -> None:
    request = signed("GET", "http://localhost/b/k", "s3")
    dated = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%S%z").timestamp()
    wire = settings(verify=True, now=lambda: dated + offset)
    if code:
        assert refusal(request, wire).code == "RequestTimeTooSkewed"
    else:
        exchange(request, b"", wire)


def test_no_signature_at_all() -> None:
    wire = settings()
    assert refusal(Request("GET", "/b/k", "", {"host": "localhost"}), wire).code == "AccessDenied"
    target = {"host": "localhost", "x-amz-target": "Logs_20140328.DescribeLogGroups"}
    refused = refusal(Request("POST", "/", "", target), wire)
    assert refused.code == "MissingAuthenticationTokenException"
    form = {"host": "localhost", "content-type": "application/x-www-form-urlencoded"}
    body = b"Action=ListTopics&Version=2010-03-31"
    refused = refusal(Request("POST", "/", "", form), wire, body)
    assert (refused.code, refused.status) == ("MissingAuthenticationToken", 403)


@pytest.mark.parametrize(
    "header",
    [
        "nonsense",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20260101/US EAST/s3/aws4_request, SignedHeaders=h, "
        "Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, Signature=0",
        "AWS AKIA:signature",
    ],
)
def test_half_a_signature(header: str) -> None:
    request = Request("GET", "/b", "", {"host": "localhost", "authorization": header})
    refused = refusal(request, settings())
    assert refused.code in ("AuthorizationHeaderMalformed", "InvalidRequest")
    assert refused.status == 400


def test_any_key_is_believed_by_default() -> None:
    server = Server()
    server.client("sns", key="test").publish(TopicArn=TOPIC, Message="x")
    assert server.calls[0].identity.account == "000000000000"
    assert server.calls[0].identity.principal == "arn:aws:iam::000000000000:root"
    server.client("sns", key=AKIA).publish(TopicArn=TOPIC, Message="x")
    assert server.calls[1].identity.account == OWNER


def test_the_urls_that_sns_hands_out_need_none() -> None:
    query = f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"
    _, call = exchange(Request("GET", "/", query, {"host": "127.0.0.1:4566"}), b"", VERIFY)
    assert (call.service, call.operation) == ("sns", "ConfirmSubscription")
    assert (call.identity.account, call.identity.region) == (OWNER, "eu-west-1")
    # but only as a URL to open
    refused = refusal(Request("POST", "/", query, {"host": "127.0.0.1"}), VERIFY)
    assert refused.code == "MissingAuthenticationToken"


def test_s3_takes_no_amz_header_on_trust() -> None:
    request = signed("PUT", "http://localhost/b/k", "s3")
    request.headers["x-amz-acl"] = "public-read"
    refused = refusal(request, VERIFY)
    assert (refused.code, refused.fields["HeadersNotSigned"]) == ("AccessDenied", "x-amz-acl")


# ---- presigned (Signature Version 4)


def presigned(key: str = AKIA, secret: str = SECRET, expires: int = 60, **params: Any) -> Request:
    server = Server()
    client = server.client("s3", key=key, secret=secret, signature_version="s3v4")
    url = client.generate_presigned_url(
        "get_object", {"Bucket": "b", "Key": "a b/ü+", **params}, expires
    )
    return to_request(AWSRequest(method="GET", url=url).prepare())


@pytest.mark.parametrize("verify", [True, False])
def test_a_presigned_url(verify: bool) -> None:
    wire = settings(verify=verify)
    _, call = exchange(presigned(ResponseContentType="text/x"), b"", wire)
    assert call.params["Key"] == "a b/ü+"
    assert call.params["ResponseContentType"] == "text/x"
    assert call.identity.account == OWNER
    assert refusal(presigned(secret="wrong"), wire).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("key", [AKIA, "test"])
def test_a_presigned_url_expires(key: str) -> None:
    wire = settings(now=lambda: time.time() + 61)
    refused = refusal(presigned(key), wire)
    assert (refused.code, refused.message) == ("AccessDenied", "Request has expired")
    early = settings(now=lambda: time.time() - 1000)
    assert refusal(presigned(key), early).message == "Request is not valid yet"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Expires=60", "X-Amz-Expires=604801"),
        ("X-Amz-Expires=60", "X-Amz-Expires=x"),
        ("X-Amz-Expires=60", "X-Amz-Expires=0"),
        ("X-Amz-Date=2", "X-Amz-Date=x"),
        ("X-Amz-Signature=", "X-Ignored="),
    ],
)
def test_a_presigned_url_is_complete(old: str, new: str) -> None:
    request = presigned("test")
    assert old in request.query
    request.query = request.query.replace(old, new)
    assert refusal(request, settings()).code == "AuthorizationQueryParametersError"


def test_only_one_mechanism() -> None:
    request = presigned("test")
    request.headers["authorization"] = "AWS4-HMAC-SHA256 Credential=x"
    assert refusal(request, settings()).status == 400


def test_a_presigned_put_signs_its_headers() -> None:
    server = Server()
    client = server.client("s3", key=AKIA, signature_version="s3v4")
    params = {"Bucket": "b", "Key": "k", "ContentType": "a/b"}
    url = client.generate_presigned_url("put_object", params, 60)
    good = AWSRequest(method="PUT", url=url, headers={"Content-Type": "a/b"}).prepare()
    _, call = exchange(to_request(good), b"body", VERIFY)
    assert call.params["Body"].data == b"body"
    bad = AWSRequest(method="PUT", url=url, headers={"Content-Type": "c/d"}).prepare()
    assert refusal(to_request(bad), VERIFY).code == "SignatureDoesNotMatch"


def test_presigned_requests_of_other_services() -> None:
    server = Server()
    url = server.client("sts", key=AKIA).generate_presigned_url(
        "get_caller_identity", HttpMethod="GET"
    )
    request = to_request(AWSRequest(method="GET", url=url).prepare())
    _, call = exchange(request, b"", VERIFY)
    assert call.operation == "GetCallerIdentity"
    request.query = request.query.replace("Action=", "Action=X&Other=")
    assert refusal(request, VERIFY).code == "InvalidAction"


def test_a_query_signer_with_session_token() -> None:
    arn = "arn:aws:sts::222222222222:assumed-role/r/s"
    issued = ISSUER.issue("2" * 12, arn, time.time() + 600)
    request = AWSRequest(method="GET", url="http://localhost/b/k")
    credentials = Credentials(issued.access_key, issued.secret_key, issued.token)
    signer = SigV4QueryAuth(credentials, "s3", "us-east-1", expires=60)
    signer.payload = lambda _request: "UNSIGNED-PAYLOAD"
    signer.add_auth(request)
    _, call = exchange(to_request(request.prepare()), b"", VERIFY)
    assert call.identity.principal == arn


def test_headers_in_a_presigned_url_count() -> None:
    """Some SDKs put a presigned upload's headers into its URL."""
    request = presigned("test")
    request.method = "PUT"
    request.query += "&X-Amz-Meta-a=b&x-amz-acl=private&x-amz-checksum-crc32=AAAAAA%3D%3D"
    _, call = exchange(request, b"", settings())
    assert call.params["Metadata"] == {"a": "b"}
    assert call.params["ACL"] == "private"
    assert refusal(request, settings(), b"x").code == "BadDigest"
