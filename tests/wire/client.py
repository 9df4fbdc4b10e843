"""A real botocore client whose requests end in an Exchange instead of a socket."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config

from owari.credentials import Issuer
from owari.errors import ServiceError
from owari.wire.checksums import Digests
from owari.wire.exchange import Exchange, WireSettings
from owari.wire.message import ApiCall, Request, Response, Upload
from tests.wire.oracle import body_of

ISSUER = Issuer(b"secret of the tests")
AKIA, SECRET, OWNER = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "1" * 12
KEYS = {AKIA: (OWNER, f"arn:aws:iam::{OWNER}:user/ann", SECRET)}


def settings(
    *,
    verify: bool = False,
    now: Callable[[], float] = time.time,
    declared: Callable[[str, str], bool] = lambda _service, _operation: True,
    bases: tuple[str, ...] = (),
) -> WireSettings:
    return WireSettings(declared, KEYS.get, ISSUER, now, verify, bases)


def to_request(sent: Any) -> Request:
    """botocore's prepared request (or anything with method, url, headers) as the server sees it."""
    parts = urlsplit(sent.url)
    headers = {
        k.lower(): v.decode() if isinstance(v, bytes) else str(v) for k, v in sent.headers.items()
    }
    headers.setdefault("host", parts.netloc)
    return Request(sent.method, parts.path or "/", parts.query, headers)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def exchange(
    request: Request, body: bytes, wire: WireSettings, piece: int = 1 << 20
) -> tuple[Exchange, ApiCall]:
    """What an HTTP server does with a request. Raises ServiceError."""
    made = Exchange(request, wire)
    if made.early_error is not None:
        raise made.early_error
    if not made.streamed:
        return made, made.parse(body)
    decoder, digests, payload = made.decoder(), Digests(made.algorithms), bytearray()
    for part in pieces(body, piece):
        data = decoder.feed(part)
        digests.update(data)
        payload += data
    decoder.finish()
    upload = Upload(len(payload), digests.md5, bytes(payload), checksums=digests.checksums)
    return made, made.parse(upload)


class _Raw:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def stream(self, *_args: Any, **_named: Any) -> Iterator[bytes]:
        yield self.data

    def read(self, *_args: Any, **_named: Any) -> bytes:
        data, self.data = self.data, b""
        return data


@dataclass
class Server:
    """Answers with `result` (a dict, or an error to raise) and keeps what it was asked."""

    wire: WireSettings = field(default_factory=settings)
    result: dict[str, Any] | ServiceError | None = None
    calls: list[ApiCall] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    refused: list[ServiceError] = field(default_factory=list)

    def send(self, request: Any, **_named: Any) -> AWSResponse:
        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        response = self.respond(to_request(request), bytes(body))
        return AWSResponse(
            request.url, response.status, dict(response.headers), _Raw(body_of(response))
        )

    def respond(self, request: Request, body: bytes = b"") -> Response:
        self.requests.append(request)
        made = Exchange(request, self.wire)
        try:
            made, call = exchange(request, body, self.wire)
            self.calls.append(call)
            if isinstance(self.result, ServiceError):
                raise self.result
            response = made.answer(self.result)
        except ServiceError as error:
            self.refused.append(error)
            response = made.refuse(error)
        self.responses.append(response)
        return response

    def client(
        self,
        service: str,
        *,
        key: str = "123456789012",
        secret: str = SECRET,
        token: str | None = None,
        endpoint: str | None = "http://localhost:4566",
        **config: Any,
    ) -> Any:
        made = botocore.session.get_session().create_client(
            service,
            region_name="eu-west-1",
            endpoint_url=endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )
        made.meta.events.register("before-send", self.send)
        return made


def refusal(request: Request, wire: WireSettings, body: bytes = b"") -> ServiceError:
    """The error a request is refused with."""
    try:
        exchange(request, body, wire)
    except ServiceError as error:
        return error
    raise AssertionError("not refused")


def prepared(method: str, url: str, **headers: str) -> Request:
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return to_request(AWSRequest(method=method, url=url, headers=named).prepare())
