"""The function URLs of this server: which request is for one, and what becomes of it.

Two forms of one address: `http://ID.lambda-url.REGION.localhost:PORT/…`, and for programs that
cannot resolve such a name `http://HOST:PORT/_owari/url/ID/…`.
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from owari.errors import ServiceError
from owari.http.function_urls import access, cors
from owari.http.function_urls.event import event_of
from owari.http.function_urls.reply import refusal, reply_of, streamed_reply
from owari.http.peer import Peer
from owari.lookups import Site
from owari.wire.auth import Authority
from owari.wire.message import ANONYMOUS, ApiCall, Identity, Request, Response
from owari.wire.url_caller import caller_of

log = logging.getLogger("owari.http")

BODY_MAX_BYTES = 6 * 1024 * 1024
PREFIX = "/_owari/url/"
_HOST = re.compile(r"([a-z0-9]{32})\.lambda-url\.([a-z0-9-]+)\.[^/]+", re.IGNORECASE)
_PATH = re.compile(rf"{PREFIX}([a-z0-9]{{32}})(/.*)?", re.DOTALL)
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see:"
    " https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


class Executor(Protocol):
    """The host: carries out one API call, or raises ServiceError."""

    async def execute(self, call: ApiCall) -> dict[str, Any] | None: ...


class Known(Protocol):
    """What is known of function URLs: lookups.py."""

    def function_url(self, url_id: str) -> Site | None: ...

    def url_statements(self, site: Site) -> list[dict[str, Any]]: ...


def address_of(request: Request) -> tuple[str, str] | None:
    """The URL's id and the raw path, as its function sees it; None: not for a function URL."""
    found = _PATH.fullmatch(request.path)
    if found is not None:
        return found[1], found[2] or "/"
    named = _HOST.fullmatch(request.headers.get("host", ""))
    return (named[1].lower(), request.path) if named else None


@dataclass(frozen=True, slots=True)
class Sites:
    """`now`: real time, epoch seconds."""

    host: Executor
    known: Known
    authority: Authority
    now: Callable[[], float]

    def admits_origin(self, request: Request) -> bool:
        """A page from elsewhere may call what anyone may, or what has CORS rules for it."""
        address = address_of(request)
        site = self.known.function_url(address[0]) if address else None
        if site is None:
            return False
        return site.auth_type == "NONE" or cors.admits(site.cors, request.headers["origin"])

    async def answer(self, request: Request, peer: Peer, body: bytes) -> Response:
        """Every failure is an answer as well."""
        address = address_of(request)
        site = self.known.function_url(address[0]) if address else None
        if address is None or site is None:
            return refusal(404, "Not Found")
        asked = cors.preflight(site.cors, request)
        if asked is not None:
            return asked
        try:
            response = await self._invoke(site, request, address[1], peer, body)
        except ServiceError as error:
            response = _refused(error)
        except Exception:
            log.exception("%s %s", request.method, request.path)
            response = refusal(500, "Internal Server Error")
        return cors.apply(site.cors, request, response)

    async def _invoke(
        self, site: Site, request: Request, path: str, peer: Peer, body: bytes
    ) -> Response:
        caller = self._caller(site, request, body)
        if caller is None:
            return refusal(403, _FORBIDDEN)
        request_id = str(uuid.uuid4())
        event = event_of(
            request,
            path,
            body,
            url_id=site.url_id,
            domain=f"{site.url_id}.lambda-url.{site.region}.localhost",
            source=peer.address,
            request_id=request_id,
            caller=caller,
            now=self.now(),
        )
        params: dict[str, Any] = {"FunctionName": site.name, "Payload": orjson.dumps(event)}
        if site.qualifier:
            params["Qualifier"] = site.qualifier
        streams = site.invoke_mode == "RESPONSE_STREAM"
        operation = "InvokeWithResponseStream" if streams else "Invoke"
        identity = Identity(site.account, site.region, caller.principal, caller.access_key)
        trace = request.headers.get("x-amzn-trace-id", "")
        call = ApiCall("lambda", operation, params, identity, request_id, trace)
        result = await self.host.execute(call) or {}
        response = await _streamed(result) if streams else _buffered(result)
        response.headers.append(("x-amzn-RequestId", request_id))
        return response

    def _caller(self, site: Site, request: Request, body: bytes) -> Identity | None:
        """None when nobody lets him in. Raises ServiceError for a signature that is none."""
        statements = self.known.url_statements(site)
        if site.auth_type == "NONE":
            anyone = Identity(ANONYMOUS, site.region, ANONYMOUS, "")
            return anyone if access.lets_in(statements, "NONE", None) else None
        caller = caller_of(self.authority, request, hashlib.sha256(body).hexdigest())
        own = caller.account == site.account
        return caller if own or access.lets_in(statements, "AWS_IAM", caller.account) else None


def _buffered(result: dict[str, Any]) -> Response:
    if result.get("FunctionError"):
        return refusal(502, "Internal Server Error")
    return reply_of(result["Payload"])


async def _streamed(result: dict[str, Any]) -> Response:
    events: AsyncIterator[dict[str, Any]] = result["EventStream"]
    first = await anext(events)
    if first.get("InvokeComplete", {}).get("ErrorCode"):
        return refusal(502, "Internal Server Error")
    return await streamed_reply(_pieces(first, events))


async def _pieces(
    first: dict[str, Any], events: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[bytes]:
    """Raises OSError when the function fails on the way: the client must not see an end."""
    if "PayloadChunk" in first:
        yield first["PayloadChunk"]["Payload"]
    async for event in events:
        if "PayloadChunk" in event:
            yield event["PayloadChunk"]["Payload"]
        elif event["InvokeComplete"].get("ErrorCode"):
            raise OSError("the function failed in the middle of its response")


def _refused(error: ServiceError) -> Response:
    status = error.status or 500
    if status in (400, 401, 403):
        return refusal(403, _FORBIDDEN)
    if status == 429:
        return refusal(429, error.message)
    return refusal(502 if status >= 500 else status, "Internal Server Error")
