"""AWS JSON 1.0 and 1.1: `X-Amz-Target`, one POST, everything in the body."""

from __future__ import annotations

from typing import Any

import orjson

from owari.errors import ServiceError
from owari.wire.message import Response
from owari.wire.model import Operation, ServiceModel
from owari.wire.protocols.base import Incoming, buffered
from owari.wire.protocols.compile import Malformed
from owari.wire.protocols.errors import Fault, describe
from owari.wire.protocols.json_codec import JsonReader, JsonWriter, loads


def reader(model: ServiceModel) -> JsonReader:
    """The model's readers of JSON values."""
    found: JsonReader | None = model.cache.get("json reader")
    if found is None:
        found = model.cache["json reader"] = JsonReader()
    return found


def writer(model: ServiceModel) -> JsonWriter:
    found: JsonWriter | None = model.cache.get("json writer")
    if found is None:
        found = model.cache["json writer"] = JsonWriter()
    return found


def error_body(model: ServiceModel | None, fault: Fault, head: dict[str, Any]) -> bytes:
    """`head` and the error's members."""
    body = dict(head)
    if fault.shape is not None and model is not None:
        body.update(writer(model)(fault.shape)(fault.members))
    body.setdefault(fault.message_name, fault.message)
    return orjson.dumps(body)


class Json:
    name = "json"

    def parse(self, operation: Operation, incoming: Incoming) -> dict[str, Any]:
        body = buffered(incoming)
        shape = operation.input
        value = loads(body) if body else {}
        if type(value) is not dict:
            raise Malformed("Unexpected field type")
        if shape is None:
            return {}
        params: dict[str, Any] = reader(operation.service)(shape)(value)
        return params

    def malformed(self, error: Malformed) -> ServiceError:
        return ServiceError("SerializationException", error.message, status=400)

    def answer(
        self, operation: Operation, result: dict[str, Any] | None, request_id: str
    ) -> Response:
        shape = operation.output
        body = b""
        if shape is not None:
            body = orjson.dumps(writer(operation.service)(shape)(result or {}))
        return Response(200, self._headers(operation.service, request_id), body)

    def refuse(self, model: ServiceModel | None, error: ServiceError, request_id: str) -> Response:
        fault = describe(model, error)
        headers = self._headers(model, request_id)
        headers += error.headers.items()
        if model is not None and model.query_compatible:
            headers.append(("x-amzn-query-error", f"{fault.code};{fault.side}"))
        return Response(fault.status, headers, error_body(model, fault, {"__type": fault.name}))

    def _headers(self, model: ServiceModel | None, request_id: str) -> list[tuple[str, str]]:
        version = "1.1" if model is None else model.metadata.get("jsonVersion", "1.1")
        return [
            ("Content-Type", f"application/x-amz-json-{version}"),
            ("x-amzn-RequestId", request_id),
        ]
