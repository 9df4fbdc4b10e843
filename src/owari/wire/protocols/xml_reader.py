"""XML elements to boto3-shaped values, by shape (rest-xml requests)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.wire.model import Shape
from owari.wire.protocols import text
from owari.wire.protocols.compile import Compiler, Malformed
from owari.wire.xml import Node

ReadNode = Callable[[Node], Any]


def flat_name(name: str, shape: Shape) -> str:
    """The element of one item of the flattened list or map member `name`."""
    if shape.type == "list":
        return shape.member.wire_name or shape.wire_name or name
    return shape.wire_name or name


class XmlReader(Compiler):
    def on_structure(self, shape: Shape) -> ReadNode:
        plain: dict[str, tuple[str, ReadNode]] = {}
        lists: dict[str, tuple[str, ReadNode]] = {}
        attributes: list[tuple[str, str]] = []
        for name, member in shape.members.items():
            if member.location is not None:
                continue
            wire = member.wire_name or name
            if member.traits.get("xmlAttribute"):
                attributes.append((name, wire.rpartition(":")[2]))
            elif member.flattened and member.type == "list":
                lists[wire] = lists[flat_name(name, member)] = (name, self(member.member))
            else:
                plain[wire] = (name, self(member))

        def read(node: Node) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for child in node.children:
                if (found := plain.get(child.tag)) is not None:
                    out[found[0]] = found[1](child)
                elif (found := lists.get(child.tag)) is not None:
                    out.setdefault(found[0], []).append(found[1](child))
            for name, wire in attributes:
                if wire in node.attributes:
                    out[name] = node.attributes[wire]
            return out

        return read

    def on_list(self, shape: Shape) -> ReadNode:
        item = self(shape.member)
        tag = shape.member.wire_name or "member"

        def read(node: Node) -> list[Any]:
            return [item(child) for child in node.children if child.tag == tag]

        return read

    def on_map(self, shape: Shape) -> ReadNode:
        key_tag, value_tag = shape.key.wire_name or "key", shape.value.wire_name or "value"
        key, value = self(shape.key), self(shape.value)

        def read(node: Node) -> dict[str, Any]:
            out = {}
            for entry in node.children:
                k, v = entry.child(key_tag), entry.child(value_tag)
                if k is None or v is None:
                    raise Malformed("A map entry lacks its key or value")
                out[key(k)] = value(v)
            return out

        return read

    def _scalar(self, shape: Shape) -> ReadNode:
        read_text = text.reader(shape)
        trim = shape.type != "string"

        def read(node: Node) -> Any:
            if node.children:
                raise Malformed(f"Unexpected element in {node.tag}")
            return read_text(node.text.strip() if trim else node.text)

        return read

    on_string = on_boolean = on_integer = on_long = on_float = on_double = _scalar
    on_blob = on_timestamp = _scalar
