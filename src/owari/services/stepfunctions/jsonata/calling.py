"""Calling function values: arity as callbacks see it, depth bounds, lambdas, partials."""

from __future__ import annotations

from typing import Any

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.scope import DEPTH_MAX, Outside
from owari.services.stepfunctions.jsonata.values import Function


def too_deep() -> JsonataError:
    message = "Stack overflow error: Check for non-terminating recursive function."
    return JsonataError("U1001", f"{message} Consider rewriting as tail-recursive")


def call(function: Any, arguments: list[Any], focus: Any, outside: Outside) -> Any:
    """Raises JsonataError T1006 when it is no function, U1001 beyond the depth bound."""
    if not isinstance(function, Function):
        raise JsonataError("T1006", "Attempted to invoke a non-function")
    outside.step()
    outside.depth += 1
    if outside.depth > DEPTH_MAX:
        raise too_deep()
    try:
        return function.call(arguments, focus)
    finally:
        outside.depth -= 1


def callback(function: Function, arguments: list[Any], outside: Outside) -> Any:
    """Call with as many of the arguments as the function declares (at least one)."""
    return call(function, arguments[: max(function.arity, 1)], arguments[0], outside)
