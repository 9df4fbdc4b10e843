"""A node's closure, by the kind of node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.scope import Scope

Closure = Callable[[Any, Scope], Any]
Tuple = tuple[Any, Scope]  # an item, and the scope that has what is bound to it

BUILDERS: dict[type[n.Node], Callable[[Any], Closure]] = {}  # filled by compiler.py


def compile_node(node: n.Node) -> Closure:
    """The closure for a node; errors it raises get the node's position."""
    closure = BUILDERS[type(node)](node)
    position = node.position

    def located(focus: Any, scope: Scope) -> Any:
        try:
            return closure(focus, scope)
        except JsonataError as error:
            if error.position < 0:
                error.position = position
            raise

    return located if isinstance(node, n.Binary | n.Call | n.Partial | n.Range) else closure
