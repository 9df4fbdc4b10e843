"""HTTP → wire → host → answer: what each request goes through.

gate            may it pass at all? (gate.py)
routes          Owari's own `/_owari/…` pages
wire            the head: which operation, whose signature; an early refusal needs no body
body            in memory, or streamed to the blob store (spool.py)
wire            parameters
host            the operation; raises ServiceError
wire            the answer, or the refusal in the service's own protocol
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from owari.errors import ServiceError
from owari.http import packages
from owari.http.function_urls.site import BODY_MAX_BYTES, Sites, address_of
from owari.http.gate import Gate
from owari.http.peer import Peer
from owari.http.spool import Spool, Store
from owari.http.turn import Flow, Turn
from owari.wire.exchange import Exchange, WireSettings
from owari.wire.message import ApiCall, Request, Response, Upload

log = logging.getLogger("owari.http")

OWN_PREFIX = "/_owari/"
HEALTH = "/_owari/health"

Page = Callable[[], dict[str, Any]]


class Executor(Protocol):
    """The host: carries out one API call, or raises ServiceError."""

    async def execute(self, call: ApiCall) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Api:
    """The application. `pages` are Owari's own routes: path → JSON answer to a GET.

    `of_service` answers for the services' own pages: path → JSON, or None.
    `packages` answers for pages with signed URLs (packages.py), `sites` for functions' own URLs.
    `buffered_max`: bytes of a body that does not go to disk.
    """

    host: Executor
    gate: Gate
    settings: WireSettings
    store: Store
    buffered_max: int
    pages: dict[str, Page]
    packages: Callable[[Request], Response | None] | None = None
    of_service: Callable[[str], dict[str, Any] | None] = lambda _path: None
    sites: Sites | None = None

    def open(self, request: Request, length: int | None, peer: Peer, flow: Flow) -> Turn:
        try:
            return self._open(request, length, peer, flow)
        except Exception:
            log.exception("%s %s", request.method, request.path)
            return Known(_plain(500, "InternalError", "Owari failed on this request."))

    def _open(self, request: Request, length: int | None, peer: Peer, flow: Flow) -> Turn:
        refusal = self.gate.refusal(request, peer)
        if self.sites is not None and address_of(request) is not None:
            if refusal is not None:
                return Known(_plain(403, refusal.code, refusal.message))
            return SiteTurn(self.sites, request, peer)
        if request.path.startswith(OWN_PREFIX):
            return Known(self._page(request, refusal, peer))
        exchange = Exchange(request, self.settings)
        error = refusal or exchange.early_error
        if refusal is None and (asked := exchange.preflight()) is not None:
            return Known(asked)
        if error is None and exchange.streamed and length == 0:
            error = _without_length(request)
        if error is None and not exchange.streamed and (length or 0) > self.buffered_max:
            error = _too_large()
        if error is not None:
            return Known(exchange.refuse(error))
        if exchange.streamed:
            try:
                self.store.check_room(length or 0)
            except OSError as full:
                return Known(exchange.refuse(_not_stored(full)))
            spool = Spool(self.store, exchange.decoder(), exchange.algorithms, flow)
            return UploadTurn(self, exchange, spool)
        return BufferedTurn(self, exchange)

    def _page(self, request: Request, refusal: ServiceError | None, peer: Peer) -> Response:
        page = self.pages.get(request.path)
        if refusal is not None:
            return _plain(403, refusal.code, refusal.message)
        if request.path.startswith(packages.PREFIX) and request.method in ("GET", "HEAD"):
            found = self.packages(request) if self.packages else None
            return found or _plain(403, "AccessDenied", "Request has expired or is not signed.")
        if not peer.loopback and request.path != HEALTH:  # these pages are not signed
            return _plain(403, "AccessDenied", "Only programs on the same machine may ask.")
        if page is None and request.method == "GET":
            answer = self.of_service(request.path)
            if answer is not None:
                return _json(200, answer)
        if page is None:
            return _plain(404, "NotFound", f"Owari has no page {request.path[:200]}.")
        if request.method not in ("GET", "HEAD"):
            return _plain(405, "MethodNotAllowed", "Only GET is allowed here.")
        return _json(200, page())

    async def perform(self, exchange: Exchange, body: bytes | Upload) -> Response:
        """Parse, execute and answer; every failure is an answer as well."""
        try:
            call = exchange.parse(body)
            return exchange.answer(await self.host.execute(call))
        except ServiceError as error:
            return exchange.refuse(error)
        except Exception:
            log.exception("%s %s", exchange.request.method, exchange.request.path)
            return exchange.refuse(_bug())


class BufferedTurn:
    """A request whose body is held in memory."""

    refused = False
    streamed = False

    def __init__(self, api: Api, exchange: Exchange) -> None:
        self.api = api
        self.exchange = exchange
        self.pieces: list[bytes] = []
        self.size = 0

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self.api.buffered_max:  # chunked: its size was not declared
            self.refused = True
            self.pieces.clear()
        else:
            self.pieces.append(data)

    async def answer(self) -> Response:
        if self.refused:
            return self.exchange.refuse(_too_large())
        body = b"".join(self.pieces)
        self.pieces.clear()
        return await self.api.perform(self.exchange, body)

    def lost(self) -> Response:
        return self.exchange.refuse(_missing())

    def abandon(self) -> None:
        self.pieces.clear()


class SiteTurn:
    """A request to a function's own URL; the body is held in memory."""

    refused = False
    streamed = False

    def __init__(self, sites: Sites, request: Request, peer: Peer) -> None:
        self.sites = sites
        self.request = request
        self.peer = peer
        self.body = bytearray()

    def feed(self, data: bytes) -> None:
        if len(self.body) + len(data) > BODY_MAX_BYTES:
            self.refused = True
            self.body.clear()
        else:
            self.body += data

    async def answer(self) -> Response:
        if self.refused:
            return _plain(413, "RequestEntityTooLargeException", "Request too long.")
        return await self.sites.answer(self.request, self.peer, bytes(self.body))

    def lost(self) -> Response:
        return _plain(500, "InternalError", "The answer cannot be read.")

    def abandon(self) -> None:
        self.body.clear()


class UploadTurn:
    """A request whose body is received by the blob store."""

    refused = False
    streamed = True

    def __init__(self, api: Api, exchange: Exchange, spool: Spool) -> None:
        self.api = api
        self.exchange = exchange
        self.spool = spool

    def feed(self, data: bytes) -> None:
        self.spool.feed(data)

    async def answer(self) -> Response:
        try:
            upload = await self.spool.finish()
        except ServiceError as error:
            return self.exchange.refuse(error)
        except OSError as error:
            log.warning("a body could not be stored: %s", error)
            return self.exchange.refuse(_not_stored(error))
        except Exception:
            log.exception("a body could not be received")
            return self.exchange.refuse(_bug())
        response = await self.api.perform(self.exchange, upload)
        # A refused operation keeps nothing. After a 5xx nobody knows: the sweep will tell.
        if upload.blob is not None and 400 <= response.status < 500:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, self.api.store.blobs.unlink, [upload.blob])
        return response

    def lost(self) -> Response:
        return self.exchange.refuse(_missing())

    def abandon(self) -> None:
        self.spool.abandon()


class Known:
    """A request whose answer is known from its head."""

    streamed = False
    refused = True  # whatever body it has, nobody reads it

    def __init__(self, response: Response) -> None:
        self.response = response

    def feed(self, data: bytes) -> None:
        """Not needed."""

    async def answer(self) -> Response:
        return self.response

    def lost(self) -> Response:
        return _plain(500, "InternalError", "The answer cannot be read.")

    def abandon(self) -> None:
        """Nothing to give up."""


def _without_length(request: Request) -> ServiceError | None:
    if "content-length" in request.headers or "transfer-encoding" in request.headers:
        return None
    return ServiceError(
        "MissingContentLength", "You must provide the Content-Length HTTP header.", status=411
    )


def _too_large() -> ServiceError:
    return ServiceError(
        "RequestEntityTooLargeException", "The request's body is too large.", status=413
    )


def _bug() -> ServiceError:
    return ServiceError(
        "InternalError", "Owari failed on this request; server.log has the traceback.", status=500
    )


def _missing() -> ServiceError:
    return ServiceError("InternalError", "The stored content cannot be read.", status=500)


def _not_stored(error: OSError) -> ServiceError:
    reason = error.strerror or "input/output error"
    return ServiceError("InternalError", f"The body could not be stored: {reason}.", status=500)


def _json(status: int, value: dict[str, Any]) -> Response:
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    return Response(status, headers, json.dumps(value).encode())


def _plain(status: int, code: str, message: str) -> Response:
    return _json(status, {"code": code, "message": message})
