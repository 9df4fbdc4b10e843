"""Shapes are compiled to plain functions once, when first used, and kept on their model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.wire.model import Shape

Read = Callable[[Any], Any]


class Malformed(ValueError):
    """The request's bytes cannot be what the model says. `name` and `value`: of a scalar."""

    def __init__(self, message: str, name: str = "", value: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.name = name
        self.value = value


class Compiler:
    """Base of the readers and writers: one function per shape, recursion tied by a cell.

    A subclass has one method per shape type, `on_structure`, `on_list` …, which returns the
    function for a shape of that type.
    """

    def __init__(self) -> None:
        self._functions: dict[str, Callable[..., Any]] = {}

    def __call__(self, shape: Shape) -> Callable[..., Any]:
        key = shape.identity
        found = self._functions.get(key)
        if found is not None:
            return found
        cell: list[Callable[..., Any]] = []

        def later(*args: Any) -> Any:
            return cell[0](*args)

        self._functions[key] = later
        build: Callable[[Shape], Callable[..., Any]] = getattr(self, f"on_{shape.type}")
        function = build(shape)
        cell.append(function)
        self._functions[key] = function
        return function


def integer_within(value: int, kind: str) -> int:
    bits = 63 if kind == "long" else 31
    if not -(1 << bits) <= value < 1 << bits:
        raise Malformed(f"{value} is out of range")
    return value
