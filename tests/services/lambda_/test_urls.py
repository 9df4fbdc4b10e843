"""Function URLs and streamed responses on a real server, through boto3 and plain HTTP."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.support.server import PATIENCE_S, Server

pytestmark = pytest.mark.acceptance

SOURCE = """
import base64, json
def handler(event, context):
    path = event["rawPath"]
    if path == "/echo":
        return event
    if path == "/structured":
        return {"statusCode": 201, "headers": {"X-Made": "yes"}, "cookies": ["a=1", "b=2"],
                "body": "made"}
    if path == "/binary":
        return {"statusCode": 200, "headers": {"content-type": "image/gif"},
                "body": base64.b64encode(b"GIF89a\\0").decode(), "isBase64Encoded": True}
    if path == "/text":
        return "plain"
    if path == "/bad":
        return {"statusCode": "many"}
    if path == "/odd":
        return json.loads(event["body"])
    if path == "/fails":
        raise ValueError("no")
    return {"path": path, "version": context.function_version, "arn": context.invoked_function_arn}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("urls") / "data") as running:
        running.function("web", SOURCE)
        yield running


def make_url(server: Server, name: str = "web", public: bool = True, **given: Any) -> str:
    """A fresh URL's address."""
    client = server.client("lambda")
    qualified = {k: given[k] for k in ("Qualifier",) if k in given}
    with suppress(ClientError):
        client.delete_function_url_config(FunctionName=name, **qualified)
    made = client.create_function_url_config(FunctionName=name, **({"AuthType": "NONE"} | given))
    if public:
        with suppress(client.exceptions.ResourceConflictException):
            client.add_permission(
                FunctionName=name, StatementId="public", Action="lambda:InvokeFunctionUrl",
                Principal="*", FunctionUrlAuthType="NONE", **qualified,
            )  # fmt: skip
    return str(made["FunctionUrl"])


def ask(
    server: Server,
    url: str,
    method: str = "GET",
    path: str = "/",
    body: bytes = b"",
    **headers: str,
) -> tuple[int, list[tuple[str, str]], bytes]:  # fmt: skip
    """The name in the URL need not resolve: the connection goes to the server's own address."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    named = {"Host": urlsplit(url).netloc} | {k.replace("_", "-"): v for k, v in headers.items()}
    connection.request(method, path, body or None, named)
    answer = connection.getresponse()
    found = answer.status, answer.getheaders(), answer.read()
    connection.close()
    return found


def test_the_event_is_payload_format_2(server: Server) -> None:
    url = make_url(server)
    parts = urlsplit(url)
    url_id = (parts.hostname or "").partition(".")[0]
    assert (parts.hostname, parts.port) == (f"{url_id}.lambda-url.us-east-1.localhost", server.port)
    status, headers, body = ask(
        server, url, "POST", "/echo?a=1&a=2&b=%20x", b"\xff\x00",
        Cookie="c=1; d=2", Content_Type="application/octet-stream", User_Agent="test",
    )  # fmt: skip
    event = json.loads(body)
    assert (status, dict(headers)["Content-Type"]) == (200, "application/json")
    assert event["version"] == "2.0"
    assert (event["rawPath"], event["rawQueryString"]) == ("/echo", "a=1&a=2&b=%20x")
    assert event["queryStringParameters"] == {"a": "1,2", "b": " x"}
    assert event["cookies"] == ["c=1", "d=2"]
    assert "cookie" not in event["headers"]
    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\xff\x00")
    context = event["requestContext"]
    assert (context["accountId"], context["apiId"], context["stage"]) == (
        "anonymous",
        url_id,
        "$default",
    )
    assert context["http"] == {
        "method": "POST",
        "path": "/echo",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "test",
    }
    text = ask(server, url, "POST", "/echo", b'{"x": 1}', Content_Type="application/json")[2]
    assert (json.loads(text)["body"], json.loads(text)["isBase64Encoded"]) == ('{"x": 1}', False)
    assert "body" not in json.loads(ask(server, url, path="/echo")[2])


def test_answers_of_every_form(server: Server) -> None:
    url = make_url(server)
    status, headers, body = ask(server, url, path="/structured")
    assert (status, body) == (201, b"made")
    assert [v for k, v in headers if k == "Set-Cookie"] == ["a=1", "b=2"]
    assert dict(headers)["X-Made"] == "yes"
    status, headers, body = ask(server, url, path="/binary")
    assert (dict(headers)["content-type"], body) == ("image/gif", b"GIF89a\0")
    assert ask(server, url, path="/text")[2] == b"plain"
    assert json.loads(ask(server, url, path="/x%20y")[2])["path"] == "/x%20y"
    for path in ("/bad", "/fails"):
        assert ask(server, url, path=path)[0] == 502
    assert ask(server, url, "POST", body=b"x" * (6 * 1024 * 1024 + 1))[0] == 413


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 99},
        {"statusCode": 100},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"x": "1\r\nset-cookie: evil"}},
        {"statusCode": 200, "headers": {"x\nset-cookie": "evil"}},
        {"statusCode": 200, "headers": {"": "x"}},
        {"statusCode": 200, "cookies": ["a=1\r\nx: y"]},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "body": "@@", "isBase64Encoded": True},
        "\ud800",
    ],
)
def test_answers_that_cannot_be_sent(server: Server, answer: Any) -> None:
    body = json.dumps(answer).encode()
    status, headers, _ = ask(
        server, make_url(server), "POST", "/odd", body, Content_Type="application/json"
    )
    assert status == 502
    assert "set-cookie" not in {name.lower() for name, _ in headers}


def test_a_path_serves_where_the_name_does_not_resolve(server: Server) -> None:
    url_id = (urlsplit(make_url(server)).hostname or "").partition(".")[0]
    status, _, body = ask(server, server.endpoint, path=f"/_owari/url/{url_id}/a/b?c=d")
    assert (status, json.loads(body)["path"]) == (200, "/a/b")
    assert ask(server, server.endpoint, path=f"/_owari/url/{'0' * 32}/")[0] == 404


def test_nobody_comes_in_unless_the_policy_says_so(server: Server) -> None:
    server.function("closed", SOURCE)
    url = make_url(server, "closed", public=False)
    status, _, body = ask(server, url)
    assert (status, b"Forbidden" in body) == (403, True)
    client = server.client("lambda")
    client.add_permission(
        FunctionName="closed", StatementId="s", Action="lambda:InvokeFunctionUrl", Principal="*",
        FunctionUrlAuthType="AWS_IAM",
    )  # fmt: skip
    assert ask(server, url)[0] == 403
    assert ask(server, make_url(server, "closed"))[0] == 200


def test_iam_takes_a_signature(server: Server) -> None:
    url = make_url(server, AuthType="AWS_IAM")
    assert ask(server, url)[0] == 403
    request = AWSRequest("POST", url + "echo", data=b"hi", headers={"content-type": "text/plain"})
    SigV4Auth(Credentials("111122223333", "secret"), "lambda", "us-east-1").add_auth(request)
    signed = {k: v for k, v in request.headers.items() if k != "content-type"}
    # Another account, without a statement for it.
    assert ask(server, url, "POST", "/echo", b"hi", Content_Type="text/plain", **signed)[0] == 403
    SigV4Auth(Credentials("test", "secret"), "lambda", "us-east-1").add_auth(request)
    signed = {k: v for k, v in request.headers.items() if k != "content-type"}
    status, _, body = ask(server, url, "POST", "/echo", b"hi", Content_Type="text/plain", **signed)
    context = json.loads(body)["requestContext"]
    assert (status, context["accountId"]) == (200, "000000000000")
    assert context["authorizer"]["iam"]["userArn"] == "arn:aws:iam::000000000000:root"


def test_cors_rules_are_applied(server: Server) -> None:
    rules = {
        "AllowOrigins": ["https://*.example.com"],
        "AllowMethods": ["GET"],
        "AllowHeaders": ["x-a"],
        "ExposeHeaders": ["x-made"],
        "AllowCredentials": True,
        "MaxAge": 60,
    }
    url = make_url(server, Cors=rules)
    assert server.client("lambda").get_function_url_config(FunctionName="web")["Cors"] == rules
    good, asked = "https://www.example.com", "Access_Control_Request_Method"
    status, headers, body = ask(server, url, "OPTIONS", Origin=good, **{asked: "GET"})
    assert (status, body) == (200, b"")
    wanted = {
        "Access-Control-Allow-Origin": good,
        "Access-Control-Allow-Methods": "GET",
        "Access-Control-Allow-Headers": "x-a",
        "Access-Control-Max-Age": "60",
        "Access-Control-Allow-Credentials": "true",
    }
    assert dict(headers) == dict(headers) | wanted
    _, headers, _ = ask(server, url, Origin=good)
    assert dict(headers)["Access-Control-Allow-Origin"] == good
    for method, extra in (("GET", {}), ("OPTIONS", {asked: "GET"}), ("OPTIONS", {asked: "PUT"})):
        _, headers, _ = ask(server, url, method, Origin="https://evil.org", **extra)
        assert "Access-Control-Allow-Origin" not in dict(headers)


def test_a_url_of_an_alias(server: Server) -> None:
    client = server.client("lambda")
    version = client.publish_version(FunctionName="web")["Version"]
    client.create_alias(FunctionName="web", Name="live", FunctionVersion=version)
    url = make_url(server, Qualifier="live")
    found = json.loads(ask(server, url)[2])
    assert (found["version"], found["arn"].rpartition(":")[2]) == (version, "live")
    listed = client.list_function_url_configs(FunctionName="web")["FunctionUrlConfigs"]
    assert url in [item["FunctionUrl"] for item in listed]
    client.delete_alias(FunctionName="web", Name="live")
    assert ask(server, url)[0] == 404


def test_bad_configurations(server: Server) -> None:
    client = server.client("lambda")
    make_url(server)
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.create_function_url_config(FunctionName="web", AuthType="NONE")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.create_function_url_config(FunctionName="ghost", AuthType="NONE")
    with pytest.raises(ClientError) as caught:
        client.create_function_url_config(FunctionName="web", Qualifier="1", AuthType="NONE")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_response_is_streamed_to_boto3(server: Server) -> None:
    client = server.client("lambda")
    answer = client.invoke_with_response_stream(
        FunctionName="web", Payload=json.dumps({"rawPath": "/echo"}), LogType="Tail"
    )
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    events = list(answer["EventStream"])
    data = b"".join(e["PayloadChunk"]["Payload"] for e in events if "PayloadChunk" in e)
    assert json.loads(data) == {"rawPath": "/echo"}
    assert b"REPORT" in base64.b64decode(events[-1]["InvokeComplete"]["LogResult"])
    failed = client.invoke_with_response_stream(
        FunctionName="web", Payload=json.dumps({"rawPath": "/fails"})
    )
    (last,) = failed["EventStream"]
    assert last["InvokeComplete"]["ErrorCode"] == "ValueError"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke_with_response_stream(FunctionName="ghost")


def test_a_url_streams(server: Server) -> None:
    url = make_url(server, InvokeMode="RESPONSE_STREAM")
    status, headers, body = ask(server, url, path="/text")
    assert (status, json.loads(body)) == (200, "plain")
    assert dict(headers)["Transfer-Encoding"] == "chunked"
    assert ask(server, url, path="/fails")[0] == 502
