"""AWS query: `Action` and `Version` in a form body or query string, XML answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.errors import ServiceError
from owari.wire import sqs_query
from owari.wire.message import Response
from owari.wire.model import Operation, ServiceModel, Shape
from owari.wire.protocols import text
from owari.wire.protocols.base import Incoming
from owari.wire.protocols.compile import Compiler, Malformed
from owari.wire.protocols.errors import Fault, describe
from owari.wire.protocols.xml_writer import XmlWriter, entry_names, member_name
from owari.wire.xml import escape, legible

Tree = dict[str, Any]  # name → Tree; the value of the node itself under ""

DEPTH_MAX = 64


def tree(pairs: list[tuple[str, str]]) -> Tree:
    """`a.member.1=x` as `{"a": {"member": {"1": {"": "x"}}}}`."""
    root: Tree = {}
    for name, value in pairs:
        parts = name.split(".")
        if len(parts) > DEPTH_MAX:
            raise Malformed("nested too deeply")
        node = root
        for part in parts:
            node = node.setdefault(part, {})
        node[""] = value
    return root


def _numbered(node: Tree) -> list[Any]:
    """The children called 1, 2, … in order."""
    found = [(int(k), v) for k, v in node.items() if k.isascii() and k.isdigit() and len(k) < 10]
    return [child for _, child in sorted(found, key=lambda pair: pair[0])]


class QueryReader(Compiler):
    """Functions that take a node of the tree."""

    def on_structure(self, shape: Shape) -> Callable[[Tree], dict[str, Any]]:
        members: list[tuple[str, str, Callable[[Tree], Any]]] = []
        for name, member in shape.members.items():
            wire = member_name(name, member)
            members.append((name, wire, self(member)))
            if wire != name and member.flattened:
                members.append((name, name, self(member)))

        def read(node: Tree) -> dict[str, Any]:
            return {name: f(node[wire]) for name, wire, f in members if wire in node}

        return read

    def on_list(self, shape: Shape) -> Callable[[Tree], list[Any]]:
        item = self(shape.member)
        tag = shape.member.wire_name or "member"

        def read(node: Tree) -> list[Any]:
            inner = node if shape.flattened else node.get(tag, node)
            return [item(child) for child in _numbered(inner)]

        return read

    def on_map(self, shape: Shape) -> Callable[[Tree], dict[str, Any]]:
        key_tag, value_tag = entry_names(shape)
        key, value = self(shape.key), self(shape.value)

        def read(node: Tree) -> dict[str, Any]:
            inner = node if shape.flattened else node.get("entry", node)
            out = {}
            for entry in _numbered(inner):
                if key_tag not in entry or value_tag not in entry:
                    raise Malformed("A map entry lacks its key or value")
                out[key(entry[key_tag])] = value(entry[value_tag])
            return out

        return read

    def _scalar(self, shape: Shape) -> Callable[[Tree], Any]:
        read_text = text.reader(shape)

        def read(node: Tree) -> Any:
            if "" not in node:
                raise Malformed("A structure was found where a value was expected")
            return read_text(node[""])

        return read

    on_string = on_boolean = on_integer = on_long = on_float = on_double = _scalar
    on_blob = on_timestamp = _scalar


def _namespace(model: ServiceModel) -> str:
    if model.service == "sqs":
        return sqs_query.XML_NAMESPACE
    return model.xml_namespace or f"http://{model.service}.amazonaws.com/doc/{model.api_version}/"


class Query:
    name = "query"

    def parse(self, operation: Operation, incoming: Incoming) -> dict[str, Any]:
        shape = operation.input
        if shape is None:
            return {}
        cache = operation.service.cache
        reader: QueryReader | None = cache.get("query reader")
        if reader is None:
            reader = cache["query reader"] = QueryReader()
        params: dict[str, Any] = reader(shape)(tree(incoming.query))
        return params

    def malformed(self, error: Malformed) -> ServiceError:
        return ServiceError("MalformedInput", error.message, status=400)

    def answer(
        self, operation: Operation, result: dict[str, Any] | None, request_id: str
    ) -> Response:
        model, name = operation.service, operation.name
        out = [f'<{name}Response xmlns="{_namespace(model)}">']
        shape = operation.output
        if shape is not None:
            wrapper = operation.result_wrapper or f"{name}Result"
            out.append(f"<{wrapper}>")
            self._members(model, shape)(out, result or {})
            out.append(f"</{wrapper}>")
        out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>")
        out.append(f"</{name}Response>")
        return Response(200, headers_of(request_id), as_bytes(out))

    def _members(self, model: ServiceModel, shape: Shape) -> Callable[[list[str], Any], None]:
        key = ("query members", shape.identity)
        found: Callable[[list[str], Any], None] | None = model.cache.get(key)
        if found is None:
            writer = model.cache.setdefault("query writer", XmlWriter("iso8601"))
            found = model.cache[key] = writer.members(shape)
        return found

    def refuse(self, model: ServiceModel | None, error: ServiceError, request_id: str) -> Response:
        fault = describe(model, error)
        out = [
            "<ErrorResponse>" if model is None else f'<ErrorResponse xmlns="{_namespace(model)}">'
        ]
        out.append(f"<Error><Type>{fault.side}</Type><Code>{escape(fault.code)}</Code>")
        self._error_members(model, fault, out)
        out.append(f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>")
        headers = [*headers_of(request_id), *error.headers.items()]
        return Response(fault.status, headers, as_bytes(out))

    def _error_members(self, model: ServiceModel | None, fault: Fault, out: list[str]) -> None:
        out.append(f"<Message>{escape(fault.message)}</Message>")
        if model is not None and fault.shape is not None:
            members = {k: v for k, v in fault.members.items() if k != fault.message_name}
            self._members(model, fault.shape)(out, members)  # the message is said already


def as_bytes(out: list[str]) -> bytes:
    return legible("".join(out)).encode(errors="replace")


def headers_of(request_id: str) -> list[tuple[str, str]]:
    return [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
