"""What boto3 presigns unless told otherwise, with botocore's own signer."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest

from owari.wire.auth import DEFAULT_REGION
from owari.wire.exchange import WireSettings
from owari.wire.message import Request
from tests.wire.client import (
    AKIA,
    ISSUER,
    OWNER,
    SECRET,
    Server,
    exchange,
    prepared,
    refusal,
    settings,
    to_request,
)
from tests.wire.test_bodies import form_body

VERIFY = settings(verify=True)


def presigned(
    operation: str = "get_object",
    method: str = "GET",
    *,
    key: str = AKIA,
    secret: str = SECRET,
    endpoint: str = "http://localhost:4566",
    style: str = "path",
    token: str | None = None,
    headers: dict[str, str] | None = None,
    **params: Any,
) -> Request:
    client = Server().client(
        "s3", key=key, secret=secret, token=token, endpoint=endpoint, signature_version="s3",
        s3={"addressing_style": style},
    )  # fmt: skip
    url = client.generate_presigned_url(operation, {"Bucket": "b", "Key": "a b/ü+", **params}, 60)
    assert "AWSAccessKeyId=" in url
    return to_request(AWSRequest(method=method, url=url, headers=headers or {}).prepare())


@pytest.mark.parametrize("wire", [settings(), VERIFY])
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_url_is_believed_with_the_right_signature(wire: WireSettings, style: str) -> None:
    request = presigned(style=style, ResponseContentType="text/x y", VersionId="v1")
    _, call = exchange(request, b"", wire)
    assert (call.operation, call.identity.account) == ("GetObject", OWNER)
    assert (call.params["Key"], call.params["VersionId"]) == ("a b/ü+", "v1")
    assert call.params["ResponseContentType"] == "text/x y"
    assert call.identity.region == DEFAULT_REGION
    assert refusal(presigned(style=style, secret="x"), wire).code == "SignatureDoesNotMatch"


def test_another_key_another_verb_another_object() -> None:
    request = presigned()
    request.path += "x"
    assert refusal(request, VERIFY).code == "SignatureDoesNotMatch"
    assert refusal(presigned(method="HEAD"), VERIFY).code == "SignatureDoesNotMatch"
    assert refusal(presigned(key="AKIAUNKNOWN"), VERIFY).code == "InvalidAccessKeyId"
    assert exchange(presigned(key="me"), b"", settings())[1].identity.account == "000000000000"


def test_an_upload_by_url_whatever_type_its_client_claims() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    request = presigned("put_object", "PUT", key="me", headers=form)
    _, call = exchange(request, b"hello", settings())
    assert call.operation == "PutObject"
    assert call.params["Body"].data == b"hello"


def test_headers_in_the_url_count() -> None:
    request = presigned(
        "put_object", "PUT", Metadata={"a": "b"}, ServerSideEncryption="AES256", ContentType="a/b"
    )
    assert "x-amz-meta-a=b" in request.query
    _, call = exchange(request, b"", VERIFY)
    assert call.params["Metadata"] == {"a": "b"}
    assert call.params["ServerSideEncryption"] == "AES256"


def test_sessions() -> None:
    made = ISSUER.issue(OWNER, f"arn:aws:sts::{OWNER}:assumed-role/r/s", time.time() + 60)
    request = presigned(key=made.access_key, secret=made.secret_key, token=made.token)
    assert exchange(request, b"", VERIFY)[1].identity.principal.endswith("assumed-role/r/s")


def test_urls_that_hold_no_more_or_are_not_whole() -> None:
    late = settings(now=lambda: time.time() + 120)
    assert refusal(presigned(key="me"), late).message == "Request has expired"
    for old, new in (("Signature=", "X="), ("Expires=", "X="), ("Expires=1", "Expires=x")):
        request = presigned(key="me")
        assert old in request.query
        request.query = request.query.replace(old, new)
        refused = refusal(request, settings())
        assert (refused.code, refused.status) == ("AccessDenied", 403)


@pytest.mark.parametrize("wire", [settings(), VERIFY])
def test_a_form(wire: WireSettings) -> None:
    server = Server(wire, result={"ETag": '"e"'})
    made = server.client("s3", key=AKIA, signature_version="s3").generate_presigned_post("b", "k")
    assert "AWSAccessKeyId" in made["fields"]
    for change, status in (({}, 204), ({"signature": "x"}, 403)):
        request = prepared("POST", made["url"])
        request.headers["content-type"] = "multipart/form-data; boundary=XX"
        answer = server.respond(request, form_body(made["fields"] | change, b"hello"))
        assert answer.status == status
    [call] = server.calls
    assert (call.params["Key"], call.identity.account) == ("k", OWNER)
