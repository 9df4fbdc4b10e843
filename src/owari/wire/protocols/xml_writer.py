"""boto3-shaped values to XML, by shape (rest-xml and query results)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.wire import sqs_query
from owari.wire.model import Shape
from owari.wire.protocols import text
from owari.wire.protocols.compile import Compiler
from owari.wire.xml import escape

Out = list[str]
Write = Callable[[Out, str, Any], None]  # (out, element name, value)


def entry_names(shape: Shape) -> tuple[str, str]:
    """The elements of a map's key and value."""
    if shape.name in sqs_query.ENTRIES and shape.flattened:
        return sqs_query.ENTRIES[shape.name]
    return shape.key.wire_name or "key", shape.value.wire_name or "value"


def member_name(name: str, shape: Shape) -> str:
    """The element of the structure member `name`."""
    if shape.flattened:
        if shape.type == "list" and shape.member.wire_name:
            return shape.member.wire_name
        return shape.wire_name or sqs_query.ELEMENTS.get(shape.name) or name
    return shape.wire_name or name


def _open(shape: Shape, name: str) -> str:
    """The start tag, without its `>`."""
    namespace = shape.traits.get("xmlNamespace")
    if not isinstance(namespace, dict):
        return f"<{name}"
    prefix = f":{namespace['prefix']}" if namespace.get("prefix") else ""
    return f'<{name} xmlns{prefix}="{namespace["uri"]}"'


class XmlWriter(Compiler):
    """`time_format`: of timestamps with no format of their own."""

    def __init__(self, time_format: str) -> None:
        super().__init__()
        self.time_format = time_format

    def on_structure(self, shape: Shape) -> Write:
        write_members = self.members(shape)
        attributes = {
            name: member.wire_name or name
            for name, member in shape.members.items()
            if member.traits.get("xmlAttribute")
        }

        def write(out: Out, name: str, value: Any) -> None:
            out.append(_open(shape, name))
            for member, attribute in attributes.items():
                if value.get(member) is not None:
                    out.append(f' {attribute}="{escape(value[member])}"')
            out.append(">")
            write_members(out, value)
            out.append(f"</{name}>")

        return write

    def members(self, shape: Shape) -> Callable[[Out, Any], None]:
        """Only what is inside the element."""
        members = {
            name: (member_name(name, member), self(member))
            for name, member in shape.members.items()
            if member.location is None and not member.traits.get("xmlAttribute")
        }

        def write(out: Out, value: Any) -> None:
            for name, item in value.items():
                found = members.get(name)
                if found is not None and item is not None:
                    found[1](out, found[0], item)

        return write

    def on_list(self, shape: Shape) -> Write:
        item = self(shape.member)
        tag = shape.member.wire_name or "member"
        if shape.flattened:

            def write_flat(out: Out, name: str, value: Any) -> None:
                for element in value:
                    item(out, name, element)

            return write_flat

        def write(out: Out, name: str, value: Any) -> None:
            out.append(f"<{name}>")
            for element in value:
                item(out, tag, element)
            out.append(f"</{name}>")

        return write

    def on_map(self, shape: Shape) -> Write:
        key_tag, value_tag = entry_names(shape)
        item = self(shape.value)
        flat = shape.flattened

        def write(out: Out, name: str, value: Any) -> None:
            entry = name if flat else "entry"
            if not flat:
                out.append(f"<{name}>")
            for key, element in value.items():
                out.append(f"<{entry}><{key_tag}>{escape(key)}</{key_tag}>")
                item(out, value_tag, element)
                out.append(f"</{entry}>")
            if not flat:
                out.append(f"</{name}>")

        return write

    def _scalar(self, shape: Shape) -> Write:
        write_text = text.writer(shape, self.time_format)

        def write(out: Out, name: str, value: Any) -> None:
            out.append(f"<{name}>{escape(write_text(value))}</{name}>")

        return write

    on_string = on_boolean = on_integer = on_long = on_float = on_double = _scalar
    on_blob = on_timestamp = _scalar
