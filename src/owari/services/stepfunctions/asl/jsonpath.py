"""JSONPath in AWS's dialect: compiled once, evaluated often.

A path starts at the state's input (`$`), the context object (`$$`) or a variable (`$name`).
AWS: "Using JSONPath paths", "Passing data between states with variables".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from owari.services.stepfunctions.asl.jsonpath_parse import parse
from owari.services.stepfunctions.asl.jsonpath_scan import InvalidPath
from owari.services.stepfunctions.asl.jsonpath_steps import (
    Index,
    Name,
    PathError,
    Step,
    select,
    walk_definite,
)

INPUT, CONTEXT = "$", "$$"


@dataclass(frozen=True, slots=True)
class Path:
    """`root` is `$`, `$$` or a variable's name; `functions` are applied to what was found."""

    text: str
    root: str
    steps: tuple[Step, ...]
    functions: tuple[Callable[[Any], Any], ...] = ()

    @property
    def definite(self) -> bool:
        return all(step.definite for step in self.steps)

    @property
    def reference(self) -> tuple[str | int, ...] | None:
        """The keys of a Reference Path (one node, by name and index only), else None."""
        keys: list[str | int] = []
        for step in self.steps:
            match step:
                case Name(name):
                    keys.append(name)
                case Index(index):
                    keys.append(index)
                case _:
                    return None
        return None if self.functions else tuple(keys)

    def find(self, node: Any) -> Any:
        """What the path points to; a list of nodes if it may point to several. PathError."""
        if self.definite:
            found = walk_definite(node, self.steps)
        else:
            found = select(node, self.steps)
        for function in self.functions:
            found = function(found)
        return found


def quick(path: Path) -> Callable[[Any], Any]:
    """`path.find`, with the chains of plain names that most paths are made short."""
    names = [step.name for step in path.steps if isinstance(step, Name)]
    if len(names) != len(path.steps) or path.functions:
        return path.find
    if len(names) == 1:
        only = names[0]

        def one(node: Any) -> Any:
            if type(node) is dict and only in node:
                return node[only]
            return path.find(node)

        return one

    def chain(node: Any) -> Any:
        at = node
        for name in names:
            if type(at) is not dict or name not in at:
                return path.find(node)
            at = at[name]
        return at

    return chain


@lru_cache(maxsize=8192)
def compile_path(text: str) -> Path:
    """InvalidPath when it is not one."""
    root, steps, functions = parse(text)
    return Path(text, root, steps, functions)


__all__ = ["CONTEXT", "INPUT", "InvalidPath", "Path", "PathError", "compile_path", "quick"]
