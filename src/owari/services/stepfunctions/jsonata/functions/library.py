"""How a function of the library is declared, and the table of them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.services.stepfunctions.jsonata.scope import Outside
from owari.services.stepfunctions.jsonata.signatures import Signature
from owari.services.stepfunctions.jsonata.values import Function

Body = Callable[..., Any]


class Library:
    """Functions by name; `bind` gives them what an evaluation takes from outside."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Signature, Body, bool]] = {}

    def function(
        self, name: str, signature: str, *, outside: bool = False
    ) -> Callable[[Body], Body]:
        """Declare `$name`; `outside=True` passes the evaluation's Outside first."""

        def declare(body: Body) -> Body:
            self._entries[name] = (Signature.parse(signature), body, outside)
            return body

        return declare

    def bind(self, outside: Outside) -> dict[str, Function]:
        return {
            name: _bound(name, signature, body, outside if wants else None)
            for name, (signature, body, wants) in self._entries.items()
        }


def _bound(name: str, signature: Signature, body: Body, outside: Outside | None) -> Function:
    first = () if outside is None else (outside,)

    def run(arguments: list[Any], focus: Any) -> Any:
        return body(*first, *signature.fit(arguments, focus, name))

    return Function(name, len(signature.parameters), run)


LIBRARY = Library()
