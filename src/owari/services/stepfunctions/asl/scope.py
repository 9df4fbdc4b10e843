"""What an expression of a state can see: its data, the context object, the variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from owari.services.stepfunctions.asl.fault import runtime
from owari.services.stepfunctions.asl.json_text import dumps
from owari.services.stepfunctions.asl.jsonpath import CONTEXT, INPUT, PathError, compile_path, quick


class Chance(Protocol):
    """Where ids and random numbers come from; reproducible in the simulator."""

    def uuid(self) -> str: ...

    def random(self) -> float:
        """In [0, 1)."""


class Surroundings(Protocol):
    """What is the same for all the expressions of one state's execution."""

    @property
    def now_ms(self) -> int: ...

    @property
    def chance(self) -> Chance: ...

    def context(self) -> dict[str, Any]: ...

    def variables(self) -> dict[str, Any]: ...


class Scope:
    """`data` is what `$` means in the field being evaluated (JSONPath), `states` what
    `$states` means but for its context (JSONata)."""

    __slots__ = ("around", "data", "states")

    def __init__(
        self, data: Any, around: Surroundings, states: dict[str, Any] | None = None
    ) -> None:
        self.data = data
        self.around = around
        self.states = states

    def on(self, data: Any) -> Scope:
        return Scope(data, self.around, self.states)


Evaluator = Callable[[Scope], Any]
"""A compiled expression or field. Raises StateError or PathError."""


def path_evaluator(text: str) -> Evaluator:
    """A path by its root: the data, the context object or a variable. Raises PathError."""
    path = compile_path(text)
    find = quick(path)
    if path.root == INPUT:
        if not path.steps and not path.functions:
            return lambda scope: scope.data
        return lambda scope: find(scope.data)
    if path.root == CONTEXT:
        return lambda scope: find(scope.around.context())
    name = path.root

    def variable(scope: Scope) -> Any:
        values = scope.around.variables()
        if name not in values:
            raise PathError(f"No results for path: $['{name}']")
        return find(values[name])

    return variable


def field_path(text: str, field: str) -> Evaluator:
    """A path in a template or a `…Path` field; what is missing is named after `field`."""
    find = path_evaluator(text)

    def value(scope: Scope) -> Any:
        try:
            return find(scope)
        except PathError as error:
            raise runtime(
                f"The JSONPath '{text}' specified for the field '{field}' could not be found in"
                f" the input '{dumps(scope.data)}'"
            ) from error

    return value


def strict_path(text: str) -> Evaluator:
    """A path of InputPath, OutputPath and the like: the library's own message."""
    find = path_evaluator(text)

    def value(scope: Scope) -> Any:
        try:
            return find(scope)
        except PathError as error:
            raise runtime(f"Invalid path '{text}' : {error.message}") from error

    return value
