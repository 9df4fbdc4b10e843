"""Tokens to tree: a Pratt parser with JSONata's binding powers."""

from __future__ import annotations

from owari.services.stepfunctions.jsonata import nodes as n
from owari.services.stepfunctions.jsonata.errors import JsonataError
from owari.services.stepfunctions.jsonata.tokens import Token, tokenize

POWER = {
    ".": 75, "[": 80, "{": 70, "(": 80, "@": 80, "#": 80, "?": 20, "?:": 40, "??": 40,
    "+": 50, "-": 50, "*": 60, "/": 60, "%": 60, "=": 40, "<": 40, ">": 40, "^": 40, "**": 60,
    "..": 20, ":=": 10, "!=": 40, ">=": 40, "<=": 40, "~>": 40, "and": 30, "or": 25, "in": 40,
    "&": 50,
}  # fmt: skip
BINARY = {"+", "-", "*", "/", "%", "=", "<", ">", "!=", ">=", "<=", "and", "or", "in", "&"}
NESTING_MAX = 200


def parse(source: str) -> n.Node:
    """Raises JsonataError with a code S0… and the position."""
    parser = _Parser(tokenize(source))
    if parser.token.kind == "end":
        raise JsonataError("S0207", "Unexpected end of expression", len(source))
    tree = parser.expression(0)
    if parser.token.kind != "end":
        raise JsonataError("S0201", f"Syntax error: {parser.token.value!r}", parser.token.position)
    return tree


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def sees(self, *operators: str) -> bool:
        return self.token.kind == "operator" and self.token.value in operators

    def take(self, operator: str | None = None) -> Token:
        token = self.token
        if operator is not None and not self.sees(operator):
            if token.kind == "end":
                message = f"Expected {operator!r} before end of expression"
                raise JsonataError("S0203", message, token.position)
            message = f"Expected {operator!r}, got {token.value!r}"
            raise JsonataError("S0202", message, token.position)
        self.at += 1
        return token

    def expression(self, power: int) -> n.Node:
        self.depth += 1
        if self.depth > NESTING_MAX:
            raise JsonataError("S0201", "The expression is nested too deeply", self.token.position)
        left = self.prefix(self.take())
        while self.token.kind == "operator" and POWER.get(self.token.value, 0) > power:
            left = self.infix(left, self.take())
        self.depth -= 1
        return left

    # ---- what may start an expression
    def prefix(self, token: Token) -> n.Node:
        at = token.position
        match token.kind:
            case "string" | "number" | "value":
                return n.Literal(at, token.value)
            case "regex":
                return n.RegexLiteral(at, *token.value)
            case "variable":
                return n.Variable(at, token.value)
            case "name":
                if token.value in ("function", "λ") and self.sees("("):
                    return self.function(at)
                return n.Name(at, token.value)
            case "end":
                raise JsonataError("S0207", "Unexpected end of expression", at)
            case _:
                return self.prefix_operator(token)

    def prefix_operator(self, token: Token) -> n.Node:
        at = token.position
        match token.value:
            case "-":
                operand = self.expression(70)
                if isinstance(operand, n.Literal) and isinstance(operand.value, int | float):
                    return n.Literal(at, -operand.value)
                return n.Unary(at, operand)
            case "(":
                return self.block(at)
            case "[":
                return self.array(at)
            case "{":
                return n.ObjectOf(at, self.pairs())
            case "*":
                return n.Wildcard(at)
            case "**":
                return n.Descendants(at)
            case "%":
                return n.Parent(at)
            case "|":
                return self.transform(at)
            case "and" | "or" | "in":
                return n.Name(at, token.value)
        raise JsonataError("S0211", f"The symbol {token.value!r} cannot be used here", at)

    def block(self, at: int) -> n.Node:
        body: list[n.Node] = []
        while not self.sees(")"):
            body.append(self.expression(0))
            if not self.sees(";"):
                break
            self.take(";")
        self.take(")")
        return n.Block(at, tuple(body))

    def array(self, at: int) -> n.Node:
        items: list[n.Node] = []
        while not self.sees("]"):
            item = self.expression(20)
            if self.sees(".."):
                start = self.take("..").position
                item = n.Range(start, item, self.expression(0))
            items.append(item)
            if not self.sees(","):
                break
            self.take(",")
        self.take("]")
        return n.ArrayOf(at, tuple(items))

    def pairs(self) -> tuple[tuple[n.Node, n.Node], ...]:
        found: list[tuple[n.Node, n.Node]] = []
        while not self.sees("}"):
            key = self.expression(0)
            self.take(":")
            found.append((key, self.expression(0)))
            if not self.sees(","):
                break
            self.take(",")
        self.take("}")
        return tuple(found)

    def transform(self, at: int) -> n.Node:
        pattern = self.expression(0)
        self.take("|")
        update = self.expression(0)
        delete = None
        if self.sees(","):
            self.take(",")
            delete = self.expression(0)
        self.take("|")
        return n.Transform(at, pattern, update, delete)

    def function(self, at: int) -> n.Node:
        self.take("(")
        names: list[str] = []
        while not self.sees(")"):
            token = self.take()
            if token.kind != "variable":
                message = (
                    f"Parameter {token.value!r} of function definition must be a variable name"
                )
                raise JsonataError("S0208", f"{message} (start with $)", token.position)
            names.append(token.value)
            if not self.sees(","):
                break
            self.take(",")
        self.take(")")
        signature = self.signature() if self.sees("<") else None
        self.take("{")
        body = self.expression(0)
        self.take("}")
        return n.LambdaOf(at, tuple(names), signature, body)

    def signature(self) -> str:
        depth, parts = 0, []
        while True:
            token = self.take()
            if token.kind == "end" or (token.kind == "operator" and token.value == "{"):
                raise JsonataError("S0202", "Unterminated function signature", token.position)
            parts.append(str(token.value))
            depth += {"<": 1, ">": -1}.get(str(token.value), 0)
            if depth == 0:
                return "".join(parts)

    # ---- what may follow one
    def infix(self, left: n.Node, token: Token) -> n.Node:
        at, operator = token.position, token.value
        if operator in BINARY:
            return n.Binary(at, operator, left, self.expression(POWER[operator]))
        match operator:
            case ".":
                return n.Path(at, left, self.expression(75))
            case "[":
                return self.predicate(at, left)
            case "{":
                if isinstance(left, n.Group):
                    message = "Each step can only have one grouping expression"
                    raise JsonataError("S0210", message, at)
                return n.Group(at, left, self.pairs())
            case "(":
                return self.call(at, left)
            case "@" | "#":
                name = self.take()
                if name.kind != "variable":
                    message = f"The right side of {operator!r} must be a variable name"
                    raise JsonataError("S0214", f"{message} (start with $)", at)
                return (n.Focus if operator == "@" else n.Index)(at, left, name.value)
            case "^":
                return self.sort(at, left)
            case ":=":
                if not isinstance(left, n.Variable):
                    message = "The left side of := must be a variable name (start with $)"
                    raise JsonataError("S0212", message, at)
                return n.Bind(at, left.name, self.expression(9))
            case "~>":
                return n.Binary(at, "~>", left, self.expression(40))
            case "?":
                return self.condition(at, left)
            case "?:" | "??":
                return n.Binary(at, operator, left, self.expression(40))
        raise JsonataError("S0201", f"Syntax error: {operator!r}", at)

    def predicate(self, at: int, left: n.Node) -> n.Node:
        if isinstance(left, n.Group):
            message = "A predicate cannot follow a grouping expression in a step"
            raise JsonataError("S0209", message, at)
        if self.sees("]"):
            self.take("]")
            return n.KeepArray(at, left)
        predicate = self.expression(0)
        self.take("]")
        return n.Filter(at, left, predicate)

    def condition(self, at: int, test: n.Node) -> n.Node:
        then = self.expression(0)
        if not self.sees(":"):
            return n.Condition(at, test, then, None)
        self.take(":")
        return n.Condition(at, test, then, self.expression(0))

    def call(self, at: int, function: n.Node) -> n.Node:
        arguments: list[n.Node | None] = []
        while not self.sees(")"):
            if self.sees("?"):
                self.take("?")
                arguments.append(None)
            else:
                arguments.append(self.expression(0))
            if not self.sees(","):
                break
            self.take(",")
        self.take(")")
        if None in arguments:
            return n.Partial(at, function, tuple(arguments))
        return n.Call(at, function, tuple(a for a in arguments if a is not None))

    def sort(self, at: int, left: n.Node) -> n.Node:
        self.take("(")
        terms: list[tuple[n.Node, bool]] = []
        while True:
            descending = self.sees(">")
            if self.sees("<", ">"):
                self.take()
            terms.append((self.expression(0), descending))
            if not self.sees(","):
                break
            self.take(",")
        self.take(")")
        return n.Sort(at, left, tuple(terms))
