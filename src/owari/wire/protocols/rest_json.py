"""rest-json: HTTP bindings, JSON bodies (Lambda, Batch, Scheduler)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from owari.errors import ServiceError
from owari.wire import eventstream
from owari.wire.message import Body, Response
from owari.wire.model import Operation, ServiceModel
from owari.wire.protocols import rest
from owari.wire.protocols.base import Incoming
from owari.wire.protocols.compile import Malformed
from owari.wire.protocols.errors import describe
from owari.wire.protocols.json import error_body, reader, writer
from owari.wire.protocols.json_codec import loads

_JSON = ("Content-Type", "application/json")


class RestJson:
    name = "rest-json"

    def parse(self, operation: Operation, incoming: Incoming) -> dict[str, Any]:
        read = reader(operation.service)
        return rest.parse_request(operation, incoming, lambda shape, body: read(shape)(loads(body)))

    def malformed(self, error: Malformed) -> ServiceError:
        return ServiceError("SerializationException", error.message, status=400)

    def answer(
        self, operation: Operation, result: dict[str, Any] | None, request_id: str
    ) -> Response:
        binding = rest.response_binding(operation)
        result = result or {}
        status, headers = binding.write(result)
        headers.append(("x-amzn-RequestId", request_id))
        body: bytes | Body | AsyncIterator[bytes] = b""
        if binding.payload is not None:
            name, shape = binding.payload
            value = result.get(name)
            if shape.type in ("blob", "string"):
                body = rest.raw_body(value)
            elif shape.traits.get("eventstream"):
                if value is not None:
                    body = eventstream.encoded(shape, value)
            elif value is not None:
                body = orjson.dumps(writer(operation.service)(shape)(value))
        elif binding.body is not None:
            inside = {
                k: v
                for k, v in result.items()
                if k not in binding.headers and k != binding.status_member
            }
            body = orjson.dumps(writer(operation.service)(binding.body)(inside))
        elif status != 204:
            body = b"" if operation.output is None else b"{}"
        if body and not any(name == "Content-Type" for name, _ in headers):
            headers.append(_JSON)
        return Response(status, headers, body)

    def refuse(self, model: ServiceModel | None, error: ServiceError, request_id: str) -> Response:
        fault = describe(model, error)
        headers = [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", fault.name), _JSON]
        headers += error.headers.items()
        members = dict(fault.members)
        if fault.shape is not None:
            binding = rest.ResponseBinding(fault.status)
            rest.bind_output(binding, fault.shape)
            headers += binding.write(members)[1]
            fault = _without(fault, binding.headers)
        return Response(fault.status, headers, error_body(model, fault, {}))


def _without(fault: Any, names: Any) -> Any:
    for name in names:
        fault.members.pop(name, None)
    return fault
