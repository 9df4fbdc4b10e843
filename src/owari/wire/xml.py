"""XML for a wire that trusts nobody: no document types, no entities, bounded depth.

Elements become `Node`s with local names; S3 and the query protocols never give a namespace a
meaning (real S3 accepts documents with and without theirs).
"""

from __future__ import annotations

import re
from pyexpat import ExpatError, ParserCreate

DEPTH_MAX = 64


class XmlError(ValueError):
    """Not well-formed, or with something we refuse."""


class Node:
    """An element. `text` is only meaningful where there are no children."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node] = []
        self.text = ""

    def child(self, tag: str) -> Node | None:
        for node in self.children:
            if node.tag == tag:
                return node
        return None


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Builder:
    def __init__(self) -> None:
        self.top = Node("", {})
        self.stack = [self.top]
        self.text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.stack) > DEPTH_MAX:
            raise XmlError("nested too deeply")
        node = Node(_local(tag), {_local(k): v for k, v in attributes.items()})
        self.stack[-1].children.append(node)
        self.stack.append(node)
        self.text.clear()

    def end(self, _tag: str) -> None:
        node = self.stack.pop()
        if not node.children:
            node.text = "".join(self.text)
        self.text.clear()

    def refuse(self, *_args: object) -> None:
        raise XmlError("a document type is not allowed")


def parse(data: bytes) -> Node:
    """The root element. Raises XmlError."""
    builder = _Builder()
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text.append
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(data, True)
    except (ExpatError, ValueError, LookupError) as error:
        raise XmlError(str(error)) from None
    return builder.top.children[0]


_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
# What XML 1.0 cannot hold is written as a reference all the same, as S3 does for such keys.
_SPECIAL = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]')


def _reference(found: re.Match[str]) -> str:
    char = found.group()
    return _ESCAPES.get(char) or f"&#{ord(char)};"


def escape(text: str) -> str:
    return _SPECIAL.sub(_reference, text)


# The references that `escape` makes and no parser of XML 1.0 takes.
_ILLEGIBLE = re.compile(r"&#(?:[0-8]|1[124-9]|2\d|3[01]|6553[45]);")


def legible(document: str) -> str:
    """Of escaped text, what every parser can read: an error that repeats a bad value must still
    arrive as that error."""
    return _ILLEGIBLE.sub("\ufffd", document) if "&#" in document else document
