"""What Step Functions refuses in a JSONata expression before it runs.

An expression runs without a context item: a name that no path leads to refers to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from owari.services.stepfunctions.asl.diagnostics import (
    BAD_JSONATA,
    UNSUPPORTED_JSONATA,
    Problem,
)
from owari.services.stepfunctions.asl.query import compile_source, source_of
from owari.services.stepfunctions.jsonata import nodes
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.parser import parse


def expression_problems(text: str) -> Iterator[Problem]:
    source = source_of(text)
    try:
        compile_source(source)
        tree = parse(source)
    except JsonataError as error:
        yield Problem(error.message, code=BAD_JSONATA)
        return
    for name in dict.fromkeys(_references(tree, True)):
        where = "" if name == "'$$'" else " at the top level"
        yield Problem(f"Reference to {name}{where} is not supported.", code=UNSUPPORTED_JSONATA)


def _references(node: Any, top: bool) -> Iterator[str]:
    """Names at the top level, and `$$`, quoted. `top`: there is no context item here."""
    match node:
        case nodes.Name(_, name):
            if top:
                yield f"'{name}'"
        case nodes.Variable(_, "$"):
            yield "'$$'"
        case nodes.Path(_, left, right):
            yield from _references(left, top)
            yield from _references(right, False)
        case nodes.Filter(_, left, predicate):
            yield from _references(left, top)
            yield from _references(predicate, False)
        case nodes.Group(_, left, inner) | nodes.Sort(_, left, inner):
            yield from _references(left, top)
            yield from _references(inner, False)
        case nodes.Transform(_, pattern, update, delete):
            yield from _references((pattern, update, delete), False)
        case tuple() | list():
            for item in node:
                yield from _references(item, top)
        case nodes.Node():
            for member in fields(node):
                yield from _references(getattr(node, member.name), top)
        case _:
            return
