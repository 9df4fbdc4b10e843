"""The steps of a JSONPath, and how they walk a value; errors in the words AWS passes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

JAVA_NAMES = {
    str: "java.lang.String",
    int: "java.lang.Integer",
    float: "java.lang.Double",
    bool: "java.lang.Boolean",
    list: "java.util.ArrayList",
    dict: "java.util.LinkedHashMap",
    type(None): "null",
}
PROVIDER = "com.jayway.jsonpath.spi.json.JacksonJsonProvider"


class PathError(Exception):
    """A path that leads nowhere in this value; the message is the library's."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    definite = True

    def text(self) -> str:
        return f"['{self.name}']"

    def each(self, node: Any, root: Any) -> Iterator[Any]:
        if isinstance(node, dict) and self.name in node:
            yield node[self.name]


@dataclass(frozen=True, slots=True)
class Names:
    """`['a','b']`: an object of those members that are there."""

    names: tuple[str, ...]
    definite = True

    def text(self) -> str:
        return "[" + ",".join(f"'{name}'" for name in self.names) + "]"

    def each(self, node: Any, root: Any) -> Iterator[Any]:
        if isinstance(node, dict):
            yield {name: node[name] for name in self.names if name in node}


@dataclass(frozen=True, slots=True)
class Index:
    index: int
    definite = True

    def text(self) -> str:
        return f"[{self.index}]"

    def each(self, node: Any, root: Any) -> Iterator[Any]:
        if isinstance(node, list) and -len(node) <= self.index < len(node):
            yield node[self.index]


@dataclass(frozen=True, slots=True)
class Indexes:
    indexes: tuple[int, ...]
    definite = False

    def text(self) -> str:
        return "[" + ",".join(map(str, self.indexes)) + "]"

    def each(self, node: Any, root: Any) -> Iterator[Any]:
        if isinstance(node, list):
            yield from (node[i] for i in self.indexes if -len(node) <= i < len(node))


@dataclass(frozen=True, slots=True)
class Slice:
    start: int | None
    stop: int | None
    stride: int | None = None
    definite = False

    def text(self) -> str:
        ends = ["" if x is None else str(x) for x in (self.start, self.stop)]
        return f"[{':'.join(ends)}]"

    def each(self, node: Any, root: Any) -> Iterator[Any]:
        if isinstance(node, list):
            yield from node[self.start : self.stop : self.stride]


@dataclass(frozen=True, slots=True)
class Wildcard:
    definite = False

    def text(self) -> str:
        return "[*]"

    def each(self, node: Any, root: Any) -> Iterator[Any]:
        if isinstance(node, dict):
            yield from node.values()
        elif isinstance(node, list):
            yield from node


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(…)]`: the members for which `test(member, root)` holds."""

    test: Callable[[Any, Any], bool]
    definite = False

    def text(self) -> str:
        return "[?]"

    def each(self, node: Any, root: Any) -> Iterator[Any]:
        if isinstance(node, list):
            yield from (item for item in node if self.test(item, root))
        elif isinstance(node, dict) and self.test(node, root):
            yield node


@dataclass(frozen=True, slots=True)
class Descend:
    """`..`: this value and all below it, a parent before its members."""

    definite = False

    def text(self) -> str:
        return ".."

    def each(self, node: Any, root: Any) -> Iterator[Any]:
        if isinstance(node, dict | list):
            yield node
            for member in node.values() if isinstance(node, dict) else node:
                yield from self.each(member, root)


Step = Name | Names | Index | Indexes | Slice | Wildcard | Filter | Descend


def select(root: Any, steps: tuple[Step, ...]) -> list[Any]:
    """All the nodes an indefinite path points to; its definite beginning must exist."""
    head = 0
    while steps[head].definite:
        head += 1
    first = walk_definite(root, steps[:head], more=True)
    if isinstance(steps[head], Indexes | Slice) and not isinstance(first, list):
        raise _not_an_array(steps[head], first, steps[:head])
    nodes = [first]
    for step in steps[head:]:
        nodes = [found for node in nodes for found in step.each(node, root)]
    return nodes


def walk_definite(root: Any, steps: tuple[Step, ...], *, more: bool = False) -> Any:
    """The one node a definite path points to. `more`: an indefinite path goes on from there."""
    node = root
    for at, step in enumerate(steps):
        match step:
            case Name(name):
                if not isinstance(node, dict):
                    raise _not_an_object(step, node, steps[:at])
                if name not in node:
                    raise _missing(steps, at, more)
                node = node[name]
            case Index(index):
                if not isinstance(node, list):
                    raise _not_an_array(step, node, steps[:at])
                if not -len(node) <= index < len(node):
                    raise PathError(f"No results for path: {render(steps)}")
                node = node[index]
            case _:
                node = next(step.each(node, root), None)
    return node


def render(steps: tuple[Step, ...]) -> str:
    return "$" + "".join(step.text() for step in steps)


def _missing(steps: tuple[Step, ...], at: int, more: bool) -> PathError:
    if at == len(steps) - 1 and not more:
        return PathError(f"No results for path: {render(steps)}")
    return PathError(f"Missing property in path {render(steps[: at + 1])}")


def _not_an_object(step: Step, node: Any, before: tuple[Step, ...]) -> PathError:
    return PathError(
        f"Expected to find an object with property {step.text()} in path {render(before)} but"
        f" found '{JAVA_NAMES.get(type(node), 'java.lang.Object')}'. This is not a json object"
        f" according to the JsonProvider: '{PROVIDER}'."
    )


def _not_an_array(step: Step, node: Any, before: tuple[Step, ...]) -> PathError:
    if node is None:
        return PathError(f"The path {render(before)} is null")
    return PathError(
        f"Filter: {step.text()} can only be applied to arrays. Current context is: {node}"
    )
