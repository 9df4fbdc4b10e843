"""Trees to closures: every node becomes a function of (focus, scope)."""

from __future__ import annotations

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata.compiling import (
    constructors,
    control,
    functions,
    names,
    steps,
)
from owari.services.stepfunctions.jsonata.compiling.node import BUILDERS, Closure, compile_node

__all__ = ["Closure", "compile_node"]

BUILDERS |= {
    n.Literal: names.literal,
    n.RegexLiteral: names.regex,
    n.Name: names.name,
    n.Variable: names.variable,
    n.Wildcard: names.wildcard,
    n.Descendants: names.descendants,
    n.Parent: names.parent,
    n.Path: steps.path,
    n.Filter: steps.filter_,
    n.KeepArray: steps.keep_array,
    n.Focus: steps.path,
    n.Index: steps.path,
    n.Group: constructors.group,
    n.Sort: steps.sort,
    n.Unary: control.unary,
    n.Binary: control.binary,
    n.Condition: control.condition,
    n.Bind: control.bind,
    n.Block: control.block,
    n.ArrayOf: constructors.array,
    n.Range: constructors.range_,
    n.ObjectOf: constructors.object_,
    n.Call: functions.call_,
    n.Partial: functions.partial,
    n.LambdaOf: functions.lambda_,
    n.Transform: functions.transform,
}
