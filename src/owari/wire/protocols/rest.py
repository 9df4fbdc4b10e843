"""HTTP bindings, shared by rest-json and rest-xml: what lies in path, query and headers."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from owari.wire.message import Body, Upload
from owari.wire.model import Operation, Shape
from owari.wire.protocols import text
from owari.wire.protocols.base import Incoming, buffered
from owari.wire.protocols.compile import Malformed

Reader = Callable[[str], Any]
Headers = list[tuple[str, str]]

_LIST_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')


def split_list(value: str) -> list[str]:
    """A header list: comma-separated, items with commas or quotes in double quotes."""
    if '"' not in value:
        return [item.strip() for item in value.split(",")] if value else []
    items, at = [], 0
    while at < len(value):
        found = _LIST_ITEM.match(value, at)
        if found is None or found.end() == at:
            raise Malformed("Invalid list in a header", value=value)
        quoted, plain = found.groups()
        items.append(plain.strip() if quoted is None else quoted.replace('\\"', '"'))
        at = found.end()
    return items


def _header_reader(shape: Shape) -> Reader:
    if shape.type != "list":
        return text.reader(shape)
    item = text.reader(shape.member)
    if shape.member.type == "timestamp":
        # an http-date has a comma of its own
        return lambda value: [item(v) for v in re.split(r"(?<=GMT)\s*,\s*", value)]
    return lambda value: [item(v) for v in split_list(value)]


@dataclass(slots=True)
class RequestBinding:
    """How an operation's input lies in a request."""

    labels: dict[str, tuple[str, Reader]] = field(default_factory=dict)
    query: dict[str, tuple[str, Reader, bool]] = field(default_factory=dict)  # bool: a list
    query_rest: tuple[str, bool] | None = None  # a map of all other parameters; bool: of lists
    headers: dict[str, tuple[str, Reader]] = field(default_factory=dict)
    header_maps: list[tuple[str, str]] = field(default_factory=list)  # (prefix, member)
    payload: tuple[str, Shape] | None = None
    body: Shape | None = None  # the input itself, when some members lie in the body

    def parse(self, incoming: Incoming) -> dict[str, Any]:
        """All but the body."""
        params: dict[str, Any] = {}
        for label, value in incoming.labels.items():
            name, read = self.labels[label]
            params[name] = _named(read, value, name)
        if incoming.query:
            self._parse_query(incoming, params)
        if self.headers:
            for header, value in incoming.headers.items():
                found = self.headers.get(header)
                if found is not None:
                    params[found[0]] = _named(found[1], value, header)
        for prefix, name in self.header_maps:
            self._parse_header_map(incoming, params, prefix, name)
        return params

    def _parse_query(self, incoming: Incoming, params: dict[str, Any]) -> None:
        for key, value in incoming.query:
            found = self.query.get(key)
            if found is not None:
                name, read, many = found
                item = _named(read, value, key)
                if many:
                    params.setdefault(name, []).append(item)
                else:
                    params[name] = item
            elif self.query_rest is not None:
                name, many = self.query_rest
                rest = params.setdefault(name, {})
                if many:
                    rest.setdefault(key, []).append(value)
                else:
                    rest[key] = value

    def _parse_header_map(
        self, incoming: Incoming, params: dict[str, Any], prefix: str, name: str
    ) -> None:
        cut = len(prefix)
        found = {h[cut:]: v for h, v in incoming.headers.items() if h.startswith(prefix)}
        if found:
            params[name] = found


def _named(read: Reader, value: str, name: str) -> Any:
    try:
        return read(value)
    except Malformed as error:
        raise Malformed(error.message, name, value) from None


def bind_request(operation: Operation) -> RequestBinding:
    binding = RequestBinding()
    shape = operation.input
    if shape is None:
        return binding
    for name, member in shape.members.items():
        wire = member.wire_name or name
        match member.location:
            case "uri":
                binding.labels[wire] = (name, text.reader(member))
            case "querystring":
                _bind_query(binding, name, wire, member)
            case "header":
                binding.headers[wire.lower()] = (name, _header_reader(member))
            case "headers":
                binding.header_maps.append((wire.lower(), name))
            case _ if shape.payload is None:
                binding.body = shape
    if shape.payload is not None:
        binding.payload = (shape.payload, shape.members[shape.payload])
    return binding


def _bind_query(binding: RequestBinding, name: str, wire: str, member: Shape) -> None:
    if member.type == "map":
        binding.query_rest = (name, member.value.type == "list")
    elif member.type == "list":
        binding.query[wire] = (name, text.reader(member.member), True)
    else:
        binding.query[wire] = (name, text.reader(member), False)


def raw_payload(shape: Shape, incoming: Incoming) -> bytes | str | Upload | None:
    """The value of a payload member that is a blob or a string; None when there is no body."""
    if shape.type == "blob" and shape.streaming:
        body = incoming.body
        if isinstance(body, bytes):
            return Upload(size=len(body), md5=b"", data=body)
        return body
    data = buffered(incoming)
    if shape.type == "blob":
        return data or None
    try:
        return data.decode() or None
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8") from None


def parse_request(
    operation: Operation, incoming: Incoming, document: Callable[[Shape, bytes], Any]
) -> dict[str, Any]:
    """The parameters. `document` reads a body that is not empty as a shape."""
    binding = request_binding(operation)
    params = binding.parse(incoming)
    if binding.payload is not None:
        name, shape = binding.payload
        if shape.type in ("blob", "string"):
            value = raw_payload(shape, incoming)
        else:
            body = buffered(incoming)
            value = document(shape, body) if body else None
        if value is not None:
            params[name] = value
    elif binding.body is not None and (body := buffered(incoming)):
        inside = document(binding.body, body) or {}
        members = binding.body.members  # those bound elsewhere do not count in the body
        params.update({k: v for k, v in inside.items() if members[k].location is None})
    return params


_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def header_value(value: str) -> str:
    """Fit for a header: nothing can end it early; beyond ASCII as RFC 2047, as S3 does."""
    if value.isascii():
        return value if value.isprintable() else _CONTROL.sub(" ", value)
    return f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="


def _quote_item(item: str) -> str:
    if "," in item or '"' in item:
        return '"' + item.replace('"', '\\"') + '"'
    return item


def _header_writer(shape: Shape) -> Callable[[Any], str]:
    if shape.type != "list":
        return text.writer(shape, "rfc822")
    item = text.writer(shape.member, "rfc822")
    if shape.member.type == "timestamp":
        return lambda value: ", ".join(item(v) for v in value)
    return lambda value: ", ".join(_quote_item(item(v)) for v in value)


@dataclass(slots=True)
class ResponseBinding:
    """How an operation's output lies in an answer."""

    status: int
    status_member: str | None = None
    headers: dict[str, tuple[str, Callable[[Any], str]]] = field(default_factory=dict)
    header_maps: list[tuple[str, str]] = field(default_factory=list)
    payload: tuple[str, Shape] | None = None
    body: Shape | None = None

    def write(self, result: dict[str, Any]) -> tuple[int, Headers]:
        """All but the body."""
        headers: Headers = []
        status = self.status
        for name, value in result.items():
            found = self.headers.get(name)
            if found is not None and value is not None:
                headers.append((found[0], header_value(found[1](value))))
        for prefix, name in self.header_maps:
            for key, value in (result.get(name) or {}).items():
                headers.append((header_value(prefix + key), header_value(value)))
        if self.status_member is not None:
            status = result.get(self.status_member) or status
        return status, headers


def bind_response(operation: Operation) -> ResponseBinding:
    binding = ResponseBinding(operation.status)
    shape = operation.output
    if shape is not None:
        bind_output(binding, shape)
    return binding


def bind_output(binding: ResponseBinding, shape: Shape) -> None:
    """`shape`: an operation's output, or an error."""
    for name, member in shape.members.items():
        wire = member.wire_name or name
        match member.location:
            case "header":
                binding.headers[name] = (wire, _header_writer(member))
            case "headers":
                binding.header_maps.append((wire, name))
            case "statusCode":
                binding.status_member = name
            case _ if shape.payload is None:
                binding.body = shape
    if shape.payload is not None:
        binding.payload = (shape.payload, shape.members[shape.payload])


def raw_body(value: Any) -> bytes | Body:
    """A blob or string payload of a result."""
    match value:
        case None:
            return b""
        case str():
            return value.encode()
        case bytes() | Body():
            return value
        case _:
            raise TypeError(f"not a payload: {type(value).__name__}")


def request_binding(operation: Operation) -> RequestBinding:
    """Bound once per operation."""
    found: RequestBinding | None = operation.compiled.get("rest request")
    if found is None:
        found = operation.compiled["rest request"] = bind_request(operation)
    return found


def response_binding(operation: Operation) -> ResponseBinding:
    found: ResponseBinding | None = operation.compiled.get("rest response")
    if found is None:
        found = operation.compiled["rest response"] = bind_response(operation)
    return found
