"""JSONata 2 as Step Functions has it: `compile(text).evaluate(data, variables, …)`."""

from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.expression import Expression, compile
from owari.services.stepfunctions.jsonata.values import NOTHING, Function

__all__ = ["NOTHING", "Expression", "Function", "JsonataError", "compile"]
