"""Where an expression is evaluated: variable bindings, and bounds on time spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.values import NOTHING

if TYPE_CHECKING:
    import random

STEPS_MAX = 2_000_000
DEPTH_MAX = 120


@dataclass(slots=True)
class Outside:
    """What an evaluation takes from outside, and what it has used up."""

    now_ms: int
    random: random.Random
    uuid: Callable[[], str]
    steps: int = 0
    depth: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise JsonataError("U1001", "The expression takes too long to evaluate")


class Scope:
    """Bindings of one block or function call, inside another's. `parent` is `%`."""

    __slots__ = ("bindings", "outer", "outside", "parent")

    def __init__(
        self,
        outer: Scope | None,
        outside: Outside,
        bindings: dict[str, Any] | None = None,
        parent: tuple[Any, Scope] | None = None,
    ) -> None:
        self.outer = outer
        self.outside = outside
        self.bindings = {} if bindings is None else bindings
        if parent is None and outer is not None:
            parent = outer.parent
        self.parent: tuple[Any, Scope] | None = parent

    def get(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bindings:
                return scope.bindings[name]
            scope = scope.outer
        return NOTHING

    def inner(
        self, bindings: dict[str, Any] | None = None, parent: tuple[Any, Scope] | None = None
    ) -> Scope:
        return Scope(self, self.outside, bindings, parent)
