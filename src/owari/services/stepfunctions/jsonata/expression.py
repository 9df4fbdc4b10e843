"""A compiled expression: parse once, evaluate often."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from owari.services.stepfunctions.jsonata.calling import too_deep
from owari.services.stepfunctions.jsonata.compiler import Closure, compile_node
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.functions import (  # noqa: F401  (each declares its own)
    added,
    arrays,
    dates,
    numbers,
    objects,
    pictures,
    strings,
)
from owari.services.stepfunctions.jsonata.functions.library import LIBRARY
from owari.services.stepfunctions.jsonata.parser import parse
from owari.services.stepfunctions.jsonata.scope import Outside, Scope
from owari.services.stepfunctions.jsonata.values import Function

if TYPE_CHECKING:
    import random


# What a function does to an argument it was not made for: nothing, half of a surrogate pair, a
# number too large. It is the expression's error, and the program that evaluates it goes on.
_UNFIT = (TypeError, AttributeError, LookupError, ValueError, ArithmeticError, MemoryError)


class Expression:
    """Evaluates over plain JSON values; `NOTHING` is the result of finding nothing."""

    __slots__ = ("_closure", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._closure: Closure = compile_node(parse(source))

    def evaluate(
        self,
        data: Any,
        variables: dict[str, Any] | None = None,
        *,
        now_ms: int,
        random: random.Random,
        uuid: Callable[[], str],
    ) -> Any:
        """`variables` by name, without the `$`. Raises JsonataError."""
        outside = Outside(now_ms, random, uuid)
        library: dict[str, Any] = LIBRARY.bind(outside)
        scope = Scope(None, outside, library).inner({"$": data, **(variables or {})})
        try:
            return _plain(self._closure(data, scope))
        except RecursionError as error:
            raise too_deep() from error
        except _UNFIT as error:
            raise JsonataError("U1001", f"A value cannot be computed: {error}") from error


def _plain(value: Any) -> Any:
    """Sequences become lists; functions stay, for the caller to refuse."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if not isinstance(item, Function)}
    return value


@lru_cache(maxsize=4096)
def compile(source: str) -> Expression:
    """The expression of a source text, from a cache. Raises JsonataError S0…."""
    return Expression(source)
