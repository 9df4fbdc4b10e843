"""One request from its head to its answer: what an HTTP server needs of the wire.

exchange = Exchange(request, settings)      # the head
decoder = exchange.decoder()                # if exchange.streamed: body → payload
call = exchange.parse(body or upload)       # raises ServiceError
exchange.answer(result) | exchange.refuse(error)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from owari.credentials import Issuer
from owari.errors import ServiceError, not_implemented
from owari.wire import cors, integrity, qs, s3_form, s3_quirks
from owari.wire.auth import Authority, Lookup, authenticate, needs_body
from owari.wire.chunked import Chunked, ChunkSigner, Decoder, Plain
from owari.wire.compression import gunzip, is_gzip
from owari.wire.message import ApiCall, Identity, Request, Response, Upload
from owari.wire.protocols.base import Incoming
from owari.wire.protocols.compile import Malformed
from owari.wire.protocols.query import Query
from owari.wire.routing import QUERY, Route, resolve_action, route
from owari.wire.sqs_query import with_queue
from owari.wire.validate import validate

_PARAMETERS_MAX = 10_000


@dataclass(frozen=True)
class WireSettings:
    """`declared(service, operation)`: whether Owari has it. `now`: real time, epoch seconds.

    `lookup(access_key)`: (account, principal ARN, secret) of a long-term key, or None.
    `bases`: host names of this server besides localhost, for virtual-host buckets.
    `cors_rules(bucket)`: its CORS rules. `may_be_public(bucket)`: anyone might be let in.
    """

    declared: Callable[[str, str], bool]
    lookup: Lookup
    issuer: Issuer
    now: Callable[[], float]
    verify: bool = False
    bases: tuple[str, ...] = ()
    cors_rules: cors.Lookup = lambda _bucket: None
    may_be_public: Callable[[str], bool] = lambda _bucket: False

    @cached_property
    def authority(self) -> Authority:
        return Authority(self.verify, self.lookup, self.issuer, self.now, self.may_be_public)

    def admits_origin(self, request: Request) -> bool:
        """Whether a page from elsewhere may send this request."""
        return cors.admits(request, self.cors_rules, self.bases)


class Exchange:
    """Its constructor raises nothing: `early_error` is what to refuse the request with at once,
    without waiting for its body.
    """

    def __init__(self, request: Request, settings: WireSettings) -> None:
        self.request = request
        self.settings = settings
        self.route: Route = route(request, settings.bases)
        self.request_id = _request_id(self._is_s3)
        self.early_error: ServiceError | None = None
        self._decoder: Decoder | None = None
        self._identity: Identity | None = None
        self._signer: ChunkSigner | None = None
        self._form: s3_form.FormUpload | None = None
        self._cors = self._allowed() if "origin" in request.headers else []
        try:
            self._examine()
        except ServiceError as error:
            self.early_error = error

    @property
    def _is_s3(self) -> bool:
        return self.route.model is not None and self.route.model.service == "s3"

    def _allowed(self) -> cors.Headers:
        bucket = cors.bucket_of(self.route)
        return (
            [] if bucket is None else cors.headers(self.request, self.settings.cors_rules(bucket))
        )

    def preflight(self) -> Response | None:
        """The answer to a browser that asks whether a page may call S3; None: nobody asks that."""
        bucket = cors.bucket_of(self.route)
        if self.request.method != "OPTIONS" or bucket is None:
            return None
        try:
            granted = cors.preflight(self.request, self.settings.cors_rules(bucket))
        except ServiceError as error:
            return self.refuse(error)
        return Response(200, [*s3_quirks.identification(self.request_id), *granted])

    def _examine(self) -> None:
        found = self.route
        if found.error is not None:
            raise found.error
        if found.operation is not None:
            self._check_declared()
        if found.form:
            bucket = found.labels["Bucket"]
            self._form = s3_form.FormUpload(self.request, bucket, self.settings.authority)
        elif found.operation is not None and not self._needs_body:
            self._authenticate(b"")
        if self.streamed:
            integrity.check_head(self._declared)

    @cached_property
    def _declared(self) -> integrity.Declared:
        return integrity.Declared(self.request, self.settings.verify)

    def _check_declared(self) -> None:
        operation = self.route.operation
        assert operation is not None
        service = operation.service.service
        if not self.settings.declared(service, operation.name):
            raise not_implemented(service, operation.name)

    @property
    def _needs_body(self) -> bool:
        return needs_body(self.settings.authority, self.request, self.route)

    def _authenticate(self, body: bytes | Upload) -> None:
        if self._identity is None:
            digest = _sha256(body) if self._needs_body else None
            authority = self.settings.authority
            self._identity, self._signer = authenticate(authority, self.request, self.route, digest)
            if self._is_s3 and "mz-" in self.request.query:
                s3_quirks.hoist(self.request, self.route.query)

    # ---- the body

    @property
    def streamed(self) -> bool:
        """The body must go through `decoder()` into the blob store, and come as an Upload."""
        operation = self.route.operation
        return operation is not None and operation.streaming_input is not None

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Checksums to compute, besides MD5, over the payload of a streamed body."""
        asked = self._declared.algorithms
        needs_sha256 = self._needs_body and "sha256" not in asked
        return (*asked, "sha256") if needs_sha256 else asked

    def decoder(self) -> Decoder:
        """For a streamed body only: what takes its framing off."""
        if self._decoder is None:
            if self._form is not None:
                self._decoder = self._form.decoder()
            elif s3_quirks.is_chunked(self.request):
                length = s3_quirks.decoded_length(self.request)
                self._decoder = Chunked(length, self._signer)
            else:
                self._decoder = Plain()
        return self._decoder

    # ---- the call

    def parse(self, body: bytes | Upload) -> ApiCall:
        """Raises ServiceError."""
        if self.early_error is not None:
            raise self.early_error
        if self._form is not None:
            return self._parse_form(body)
        sent = body = self._unframed(body) if isinstance(body, bytes) else body
        if isinstance(body, bytes) and not self._is_s3 and is_gzip(self.request):
            body = gunzip(body)
        if isinstance(self.route.protocol, Query):
            self._read_form_body(body)
        operation = self.route.operation
        assert operation is not None
        self._authenticate(sent)
        if self._is_s3:
            body = self._intact(body)
        params = self._params(body)
        return self._call(operation.name, params)

    def _intact(self, body: bytes | Upload) -> bytes | Upload:
        operation = self.route.operation
        assert operation is not None
        trailers = {} if self._decoder is None else self._decoder.trailers
        if isinstance(body, Upload):
            return integrity.verify_upload(self._declared, body, trailers)
        integrity.verify_bytes(self._declared, operation, body, trailers)
        return body

    def _unframed(self, body: bytes) -> bytes:
        """A buffered body may be aws-chunked as well."""
        if self.streamed or not self._is_s3 or not s3_quirks.is_chunked(self.request):
            return body
        decoder = self.decoder()
        payload = decoder.feed(body)
        decoder.finish()
        return payload

    def _read_form_body(self, body: bytes | Upload) -> None:
        """A query request's parameters, which also tell its operation."""
        found = self.route
        if isinstance(body, bytes) and body:
            try:
                pairs = qs.parse(body.decode())
            except ValueError:
                raise ServiceError(
                    "MalformedQueryString", "The query string is not valid UTF-8.", status=400
                ) from None
            found.query = [*found.query, *pairs]
        if len(found.query) > _PARAMETERS_MAX:
            raise ServiceError("MalformedInput", "Too many parameters.", status=400)
        if found.operation is None:
            resolve_action(found, dict(found.query))
            if found.error is not None:
                raise found.error
            self._check_declared()

    def _params(self, body: bytes | Upload) -> dict[str, Any]:
        found = self.route
        operation = found.operation
        assert operation is not None
        headers = s3_quirks.payload_headers(self.request) if self._is_s3 else self.request.headers
        query = found.query
        if found.protocol is QUERY and operation.service.service == "sqs":
            query = with_queue(query, self.request.headers.get("host", ""), self.request.path)
        incoming = Incoming(headers, found.labels, query, body)
        try:
            params = found.protocol.parse(operation, incoming)
        except Malformed as error:
            raise found.protocol.malformed(error) from None
        except RecursionError:
            raise found.protocol.malformed(Malformed("nested too deeply")) from None
        if self._is_s3:
            s3_quirks.adjust_params(operation, params)
        else:
            validate(operation, found.protocol.name, params)
        return params

    def _parse_form(self, body: bytes | Upload) -> ApiCall:
        assert self._form is not None
        if isinstance(body, bytes):
            raise ServiceError("InternalError", "A form upload was buffered.", status=500)
        self._identity, incoming = self._form.finished(self.route.labels, body)
        operation = self.route.operation
        assert operation is not None
        try:
            params = self.route.protocol.parse(operation, incoming)
        except Malformed as error:
            raise self.route.protocol.malformed(error) from None
        s3_quirks.adjust_params(operation, params)
        return self._call(operation.name, params)

    def _call(self, operation: str, params: dict[str, Any]) -> ApiCall:
        model, identity = self.route.model, self._identity
        assert model is not None and identity is not None
        trace = self.request.headers.get("x-amzn-trace-id", "")
        host = self.request.headers.get("host", "")
        return ApiCall(model.service, operation, params, identity, self.request_id, trace, host)

    # ---- the answer

    def answer(self, result: dict[str, Any] | None) -> Response:
        """The answer to a call that succeeded."""
        operation = self.route.operation
        assert operation is not None
        response = self.route.protocol.answer(operation, result, self.request_id)
        response.headers += self._cors
        if self._form is not None:
            return self._form.answer(self.route.labels, result or {}, response)
        if self._is_s3:
            s3_quirks.adjust_response(self.request, self.route.query, result or {}, response)
        return response

    def refuse(self, error: ServiceError) -> Response:
        """The answer to a call that failed, at whatever point."""
        if self._is_s3:
            error = s3_quirks.with_resource(error, self.request)
        response = self.route.protocol.refuse(self.route.model, error, self.request_id)
        response.headers += self._cors
        if self.request.method == "HEAD":
            response.body = b""
        return response


def _sha256(body: bytes | Upload) -> str:
    """In hex."""
    if isinstance(body, Upload):
        return body.checksums["sha256"].hex()
    return hashlib.sha256(body).hexdigest()


def _request_id(s3: bool) -> str:
    if s3:
        return os.urandom(8).hex().upper()
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
