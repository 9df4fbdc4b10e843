"""Function signatures such as `<s-:n>`: what arguments fit, and where the context steps in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.values import NOTHING, Function, is_number, text

_CLASSES = {"x": "snblaofm", "j": "snblaom", "u": "snbl"}
_NAMES = {"s": "string", "n": "number", "b": "boolean", "a": "array", "o": "object"}


def symbol(value: Any) -> str:
    """The signature letter of a value's type; `m` is nothing."""
    if value is NOTHING:
        return "m"
    if value is None:
        return "l"
    if isinstance(value, bool):
        return "b"
    if is_number(value):
        return "n"
    if isinstance(value, str):
        return "s"
    if isinstance(value, list):
        return "a"
    return "f" if isinstance(value, Function) else "o"


@dataclass(frozen=True, slots=True)
class Parameter:
    accepts: str  # letters
    context: bool = False  # `-`: the context value when the argument is missing
    optional: bool = False
    several: bool = False
    items: str = ""  # `a<s>`: what the array's items must be

    def fits(self, value: Any) -> bool:
        kind = symbol(value)
        return kind == "m" or kind in self.accepts or ("a" in self.accepts and kind != "m")


@dataclass(frozen=True, slots=True)
class Signature:
    parameters: tuple[Parameter, ...]

    @classmethod
    def parse(cls, source: str) -> Signature:
        inside = _parameters_of(source)
        found: list[Parameter] = []
        at = 0
        while at < len(inside):
            letter = inside[at]
            at += 1
            accepts, items = _CLASSES.get(letter, letter), ""
            if letter == "(":
                end = inside.index(")", at)
                accepts = "".join(_CLASSES.get(c, c) for c in inside[at:end])
                at = end + 1
            if inside[at : at + 1] == "<":
                end = _closing(inside, at)
                items = inside[at + 1 : end] if letter == "a" else ""
                at = end + 1
            marks = ""
            while inside[at : at + 1] in ("-", "?", "+") and at < len(inside):
                marks += inside[at]
                at += 1
            found.append(Parameter(accepts, "-" in marks, "?" in marks, "+" in marks, items))
        return cls(tuple(found))

    def fit(self, arguments: list[Any], focus: Any, name: str) -> list[Any]:
        """The arguments in place: context filled in, single values made arrays.

        Raises JsonataError T0410 (no fit), T0411 (context), T0412 (items of an array).
        """
        fitted: list[Any] = []
        at = 0
        for parameter in self.parameters:
            if at < len(arguments) and parameter.fits(arguments[at]):
                fitted.append(_as_asked(parameter, arguments[at], name, at))
                at += 1
                while parameter.several and at < len(arguments):
                    fitted.append(_as_asked(parameter, arguments[at], name, at))
                    at += 1
            elif parameter.context and symbol(focus) in parameter.accepts + "m":
                fitted.append(focus)
            elif parameter.context and at >= len(arguments):
                message = "Context value is not a compatible type with argument"
                raise JsonataError("T0411", f"{message} {at + 1} of function {name!r}")
            elif at < len(arguments) and not parameter.optional:
                _mismatch(at, name)
            elif at >= len(arguments):
                fitted.append(NOTHING)
            else:
                fitted.append(NOTHING)
        if at < len(arguments):
            _mismatch(at, name)
        return fitted


def _parameters_of(source: str) -> str:
    """What stands before the colon of the result, outside any nested signature."""
    inside = source[1 : source.rfind(">")] if source.startswith("<") else source
    depth = 0
    for index, letter in enumerate(inside):
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == ":" and depth == 0:
            return inside[:index]
    return inside


def _closing(source: str, at: int) -> int:
    depth = 0
    for index in range(at, len(source)):
        depth += {"<": 1, ">": -1}.get(source[index], 0)
        if depth == 0:
            return index
    raise JsonataError("S0402", "Choice groups containing parameterized types are not supported")


def _mismatch(at: int, name: str) -> None:
    message = f"Argument {at + 1} of function {name!r} does not match function signature"
    raise JsonataError("T0410", message)


def _as_asked(parameter: Parameter, value: Any, name: str, at: int) -> Any:
    if value is NOTHING or "a" not in parameter.accepts or symbol(value) in _others(parameter):
        return value
    made = value if isinstance(value, list) else [value]
    if parameter.items and any(symbol(item) not in parameter.items for item in made):
        kind = _NAMES.get(parameter.items, parameter.items)
        raise JsonataError("T0412", f'Argument {text(made)} must be an array of "{kind}s"')
    return made


def _others(parameter: Parameter) -> str:
    """What a parameter that takes arrays takes besides, as it is."""
    return parameter.accepts.replace("a", "")
