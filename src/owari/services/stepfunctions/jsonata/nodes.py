"""The syntax tree of an expression: plain frozen nodes, one class per construct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    position: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: Any


@dataclass(frozen=True, slots=True)
class RegexLiteral(Node):
    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Variable(Node):
    name: str  # "" is the context, "$" the root


@dataclass(frozen=True, slots=True)
class Wildcard(Node):
    pass


@dataclass(frozen=True, slots=True)
class Descendants(Node):
    pass


@dataclass(frozen=True, slots=True)
class Parent(Node):
    pass


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`left.right`: both sides any node."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`left[predicate]`."""

    left: Node
    predicate: Node


@dataclass(frozen=True, slots=True)
class KeepArray(Node):
    """`left[]`."""

    left: Node


@dataclass(frozen=True, slots=True)
class Focus(Node):
    """`left@$name`."""

    left: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`left#$name`."""

    left: Node
    name: str


@dataclass(frozen=True, slots=True)
class Group(Node):
    """`left{key: value, …}`."""

    left: Node
    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Sort(Node):
    """`left^(>term, …)`; True: descending."""

    left: Node
    terms: tuple[tuple[Node, bool], ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    operand: Node  # numeric negation


@dataclass(frozen=True, slots=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Condition(Node):
    test: Node
    then: Node
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class Bind(Node):
    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Block(Node):
    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ArrayOf(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Range(Node):
    first: Node
    last: Node


@dataclass(frozen=True, slots=True)
class ObjectOf(Node):
    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: Node
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Partial(Node):
    """A call with `?` for missing arguments (None)."""

    function: Node
    arguments: tuple[Node | None, ...]


@dataclass(frozen=True, slots=True)
class LambdaOf(Node):
    parameters: tuple[str, ...]
    signature: str | None
    body: Node


@dataclass(frozen=True, slots=True)
class Transform(Node):
    """`|pattern|update, delete|`."""

    pattern: Node
    update: Node
    delete: Node | None
