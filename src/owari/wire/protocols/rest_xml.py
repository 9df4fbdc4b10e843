"""rest-xml: HTTP bindings, XML bodies. Of the services we speak, S3 alone."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.wire import s3_quirks
from owari.wire.message import Body, Response
from owari.wire.model import Operation, ServiceModel, Shape
from owari.wire.protocols import rest
from owari.wire.protocols.base import Incoming
from owari.wire.protocols.compile import Malformed
from owari.wire.protocols.errors import Fault, describe
from owari.wire.protocols.xml_reader import XmlReader
from owari.wire.protocols.xml_writer import XmlWriter
from owari.wire.xml import XmlError, escape, legible
from owari.wire.xml import parse as parse_xml

_XML = ("Content-Type", "application/xml")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _reader(model: ServiceModel) -> XmlReader:
    found: XmlReader | None = model.cache.get("xml reader")
    if found is None:
        found = model.cache["xml reader"] = XmlReader()
    return found


def _writer(model: ServiceModel) -> XmlWriter:
    found: XmlWriter | None = model.cache.get("xml writer")
    if found is None:
        found = model.cache["xml writer"] = XmlWriter("iso8601 millis")
    return found


class RestXml:
    name = "rest-xml"

    def parse(self, operation: Operation, incoming: Incoming) -> dict[str, Any]:
        def document(shape: Shape, body: bytes) -> Any:
            try:
                root = parse_xml(body)
            except XmlError as error:
                raise Malformed(str(error)) from None
            if shape.wire_name is not None and root.tag != shape.wire_name:
                raise Malformed(f"Unexpected root element {root.tag}")
            return _reader(operation.service)(shape)(root)

        return rest.parse_request(operation, incoming, document)

    def malformed(self, error: Malformed) -> ServiceError:
        return s3_quirks.malformed(error.name, error.value)

    def answer(
        self, operation: Operation, result: dict[str, Any] | None, request_id: str
    ) -> Response:
        binding = rest.response_binding(operation)
        result = result or {}
        status, headers = binding.write(result)
        headers += s3_quirks.identification(request_id)
        body: bytes | Body = b""
        if binding.payload is not None and binding.payload[1].type in ("blob", "string"):
            body = rest.raw_body(result.get(binding.payload[0]))
        elif binding.payload is not None:
            name, shape = binding.payload
            if result.get(name) is not None:
                body = self._written(operation, shape, result[name])
                headers.append(_XML)
        elif binding.body is not None:
            body = self._written(operation, binding.body, result)
            headers.append(_XML)
        return Response(status, headers, body)

    def _written(self, operation: Operation, shape: Shape, value: dict[str, Any]) -> bytes:
        special = s3_quirks.special_body(operation.name, value)
        if special is not None:
            return (_DECLARATION + special).encode()
        writer = _writer(operation.service)
        key = ("xml members", shape.identity)
        members = operation.service.cache.get(key)
        if members is None:
            members = operation.service.cache[key] = writer.members(shape)
        root = s3_quirks.root_element(operation.name, shape)
        out = [_DECLARATION, f'<{root} xmlns="{s3_quirks.NAMESPACE}">']
        members(out, value)
        out.append(f"</{root}>")
        return "".join(out).encode(errors="replace")

    def refuse(self, model: ServiceModel | None, error: ServiceError, request_id: str) -> Response:
        fault = describe(model, error)
        status = error.status or s3_quirks.STATUS.get(fault.name) or fault.status
        headers = [*s3_quirks.identification(request_id), *error.headers.items()]
        if status == 304:
            return Response(status, headers)
        headers.append(_XML)
        return Response(status, headers, _error_document(fault, request_id))


def _error_document(fault: Fault, request_id: str) -> bytes:
    """`<Error>`, as the S3 page "Error responses" shows it."""
    out = [_DECLARATION, f"<Error><Code>{escape(fault.name)}</Code>"]
    out.append(f"<Message>{escape(fault.message)}</Message>")
    for name, value in fault.members.items():
        if name != fault.message_name:
            out.append(f"<{name}>{escape(str(value))}</{name}>")
    out.append(f"<RequestId>{request_id}</RequestId>")
    out.append(f"<HostId>{s3_quirks.host_id(request_id)}</HostId></Error>")
    return legible("".join(out)).encode(errors="replace")
