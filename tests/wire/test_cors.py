"""What pages from elsewhere may do with a bucket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from owari.wire.exchange import Exchange, WireSettings
from owari.wire.message import Request
from tests.wire.client import settings

PAGE = "https://app.example.com"
RULES: list[dict[str, Any]] = [
    {
        "AllowedOrigins": [PAGE, "http://*.local"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["x-amz-*", "Content-Type", "authorization"],
        "ExposeHeaders": ["ETag", "x-amz-version-id"],
        "MaxAgeSeconds": 3000,
    },
    {"AllowedOrigins": ["*"], "AllowedMethods": ["HEAD"]},
]
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request,"
    " SignedHeaders=host, Signature=00"
)


def wire() -> WireSettings:
    return replace(settings(), cors_rules=lambda bucket: RULES if bucket == "bkt" else None)


def asked(method: str, path: str = "/bkt/k", host: str = "localhost", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, "", {"host": host} | named)


def preflight(origin: str = PAGE, method: str = "PUT", names: str = "", **where: str) -> Any:
    request = asked(
        "OPTIONS",
        origin=origin,
        access_control_request_method=method,
        **({"access_control_request_headers": names} if names else {}),
        **where,
    )
    answer = Exchange(request, wire()).preflight()
    assert answer is not None
    assert isinstance(answer.body, bytes)
    return answer.status, dict(answer.headers), answer.body.decode()


def test_a_preflight_is_granted_what_the_rule_says() -> None:
    status, headers, body = preflight(names="X-Amz-Date, content-type")
    assert (status, body) == (200, "")
    told = {name: value for name, value in headers.items() if not name.startswith("x-amz")}
    assert told == {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Methods": "GET, PUT",
        "Access-Control-Allow-Headers": "x-amz-date, content-type",
        "Access-Control-Expose-Headers": "ETag, x-amz-version-id",
        "Access-Control-Max-Age": "3000",
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }


def test_wildcards_and_virtual_hosts() -> None:
    assert preflight("http://a.b.local")[1]["Access-Control-Allow-Origin"] == "http://a.b.local"
    host = {"host": "bkt.s3.localhost:4566", "path": "/k"}
    assert preflight(**host)[0] == 200
    status, headers, _ = preflight("null", "HEAD")
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    ("given", "status", "code", "message"),
    [
        ({"origin": "https://evil.example"}, 403, "AccessForbidden", "not allowed"),
        ({"origin": PAGE + ".evil.example"}, 403, "AccessForbidden", "not allowed"),
        ({"method": "DELETE"}, 403, "AccessForbidden", "not allowed"),
        ({"names": "x-other"}, 403, "AccessForbidden", "not allowed"),
        ({"path": "/other/k"}, 403, "AccessForbidden", "CORS is not enabled"),
        ({"method": "PATCH"}, 400, "BadRequest", "Invalid Access-Control-Request-Method: PATCH"),
    ],
)
def test_preflights_that_are_refused(
    given: dict[str, str], status: int, code: str, message: str
) -> None:
    got, headers, body = preflight(**given)
    assert got == status
    assert f"<Code>{code}</Code>" in body
    assert message in body
    assert "Access-Control-Allow-Origin" not in headers


def test_a_preflight_names_its_origin_and_method() -> None:
    for request in (asked("OPTIONS"), asked("OPTIONS", origin=PAGE)):
        answer = Exchange(request, wire()).preflight()
        assert answer is not None
        assert answer.status == 400


def test_answers_and_refusals_name_the_origin() -> None:
    signed = AUTHORIZATION.format("s3")
    exchange = Exchange(asked("GET", origin=PAGE, authorization=signed), wire())
    answer = exchange.answer({"ContentLength": 0})
    assert ("Access-Control-Allow-Origin", PAGE) in answer.headers
    unsigned = Exchange(asked("GET", origin=PAGE), wire())
    assert unsigned.early_error is not None
    refusal = unsigned.refuse(unsigned.early_error)
    assert ("Access-Control-Allow-Origin", PAGE) in refusal.headers
    stranger = Exchange(asked("GET", origin="https://evil.example", authorization=signed), wire())
    names = {name for name, _ in stranger.answer({}).headers}
    assert not any(name.startswith("Access-Control") for name in names)


def test_only_what_a_rule_allows_is_let_in() -> None:
    signed = AUTHORIZATION.format("s3")
    admits = wire().admits_origin
    assert admits(asked("GET", origin=PAGE, authorization=signed))
    assert admits(asked("OPTIONS", origin="https://evil.example"))
    assert not admits(asked("DELETE", origin=PAGE, authorization=signed))
    assert not admits(asked("GET", "/other/k", origin=PAGE, authorization=signed))
    assert not admits(asked("GET", "/", origin=PAGE, authorization=signed))


def test_an_allowed_page_reaches_no_other_service() -> None:
    admits = wire().admits_origin
    assert not admits(asked("GET", origin=PAGE, authorization=AUTHORIZATION.format("lambda")))
    assert not admits(asked("PUT", origin=PAGE, x_amz_target="Logs_20140328.DeleteLogGroup"))
    assert not admits(asked("GET", host="lambda.localhost", origin=PAGE))
