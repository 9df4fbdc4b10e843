"""Smithy RPC v2 CBOR: `/service/S/operation/O`, one POST, everything in the body.

See the Smithy page "Smithy RPC v2 CBOR protocol". CloudWatch's newest SDKs speak it.
"""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.wire.cbor_codec import CborError, Moment, decode, encode
from owari.wire.message import Response
from owari.wire.model import Operation, ServiceModel, Shape
from owari.wire.protocols.base import Incoming, buffered
from owari.wire.protocols.compile import Malformed, Read
from owari.wire.protocols.errors import describe
from owari.wire.protocols.json_codec import JsonReader, JsonWriter


def _read_blob(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    raise Malformed("Expected a byte string")


def _read_float(value: Any) -> float:
    if type(value) in (float, int):
        return float(value)
    raise Malformed("Expected a number")


def _read_timestamp(value: Any) -> float:
    if type(value) is Moment:
        return value.seconds
    raise Malformed("Expected a timestamp")


class CborReader(JsonReader):
    """As JSON, but bytes are bytes and times are tagged; wire names are the members' own."""

    def on_blob(self, _shape: Shape) -> Read:
        return _read_blob

    def on_float(self, _shape: Shape) -> Read:
        return _read_float

    on_double = on_float

    def on_timestamp(self, _shape: Shape) -> Read:
        return _read_timestamp


def _same(value: Any) -> Any:
    return value


class CborWriter(JsonWriter):
    def on_blob(self, _shape: Shape) -> Read:
        return _same

    def on_float(self, _shape: Shape) -> Read:
        return float

    on_double = on_float

    def on_timestamp(self, _shape: Shape) -> Read:
        return Moment


class Cbor:
    name = "smithy-rpc-v2-cbor"

    def parse(self, operation: Operation, incoming: Incoming) -> dict[str, Any]:
        shape, body = operation.input, buffered(incoming)
        try:
            value = decode(body) if body else {}
        except CborError as error:
            raise Malformed(f"Could not parse the request body as CBOR: {error}") from None
        if shape is None:
            return {}
        reader = operation.service.cache.setdefault("cbor reader", CborReader())
        params: dict[str, Any] = reader(shape)(value)
        return params

    def malformed(self, error: Malformed) -> ServiceError:
        return ServiceError("SerializationException", error.message, status=400)

    def answer(
        self, operation: Operation, result: dict[str, Any] | None, request_id: str
    ) -> Response:
        shape = operation.output
        if shape is None:
            headers = [pair for pair in _headers(request_id) if pair[0] != "Content-Type"]
            return Response(200, headers)
        body = encode(_writer(operation.service)(shape)(result or {}))
        return Response(200, _headers(request_id), body)

    def refuse(self, model: ServiceModel | None, error: ServiceError, request_id: str) -> Response:
        fault = describe(model, error)
        body: dict[str, Any] = {"__type": fault.name}
        if fault.shape is not None and model is not None:
            body.update(_writer(model)(fault.shape)(fault.members))
        body.setdefault(fault.message_name, fault.message)
        headers = _headers(request_id)
        headers += error.headers.items()
        if model is not None and model.query_compatible:
            headers.append(("x-amzn-query-error", f"{fault.code};{fault.side}"))
        return Response(fault.status, headers, encode(body))


def _writer(model: ServiceModel) -> CborWriter:
    writer: CborWriter = model.cache.setdefault("cbor writer", CborWriter())
    return writer


def _headers(request_id: str) -> list[tuple[str, str]]:
    return [
        ("Content-Type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amzn-RequestId", request_id),
    ]
