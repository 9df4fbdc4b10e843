"""Random values of botocore's shapes, from a seed: what a client may send and a service answer."""

from __future__ import annotations

import datetime as dt
import random
import string
from typing import Any

from botocore.model import Shape

_WORD = string.ascii_letters + string.digits + "-_."
_TEXT = _WORD + " &<>\"'/:%+=?#\n\tüß漢字😀,;[]{}\\"
_TOKEN = string.ascii_lowercase + string.digits + "-"
DEPTH = 5


class Maker:
    """`whole_times`: seconds only, where a format holds no fraction."""

    def __init__(self, seed: int, *, whole_times: bool = False) -> None:
        self.random = random.Random(seed)
        self.whole_times = whole_times

    def structure(self, shape: Shape, depth: int = 0) -> dict[str, Any]:
        names = [n for n in shape.members if n not in shape.required_members]
        wanted = [n for n in names if self.random.random() < (0.5 if depth < 3 else 0.2)]
        if shape.is_tagged_union:
            wanted = [self.random.choice(list(shape.members))]
        chosen = {*shape.required_members, *wanted}
        if depth > DEPTH and not shape.is_tagged_union:
            chosen = set(shape.required_members)
        return {n: self.member(shape.members[n], depth) for n in shape.members if n in chosen}

    def member(self, shape: Shape, depth: int) -> Any:
        match shape.serialization.get("location"):
            case "header":
                return self.header(shape)
            case "headers":
                return {self.word(_TOKEN): self.word() for _ in range(self.random.randint(0, 3))}
            case "statusCode":
                return 200
            case "uri":
                if shape.type_name != "string":
                    return self.value(shape, depth)
                if shape.enum or "min" in shape.metadata or "max" in shape.metadata:
                    return self.value(shape, depth) or "x"
                return self.word() + self.random.choice(["", "a b/c%2F+é", ":1"]) + "x"
            case _:
                return self.value(shape, depth)

    def header(self, shape: Shape) -> Any:
        """Headers hold printable ASCII, times in whole seconds, and no empty lists."""
        if shape.type_name == "list":
            return [self.header(shape.member) for _ in range(self.random.randint(1, 3))]
        if shape.type_name == "timestamp":
            return self.time(whole=True)
        if shape.type_name == "string" and not shape.metadata.get("jsonvalue"):
            return self.random.choice(shape.enum) if shape.enum else self.word()
        return self.value(shape, DEPTH)

    def value(self, shape: Shape, depth: int) -> Any:
        if getattr(shape, "is_document_type", False):
            return {"a": [1, "x", {"b": True}]}
        return getattr(self, f"on_{shape.type_name}")(shape, depth + 1)

    def on_structure(self, shape: Shape, depth: int) -> Any:
        return self.structure(shape, depth)

    def on_list(self, shape: Shape, depth: int) -> Any:
        low = int(shape.metadata.get("min", 0))
        high = max(low, min(int(shape.metadata.get("max", 3)), 3))
        count = self.random.randint(low, high)
        if depth > DEPTH:
            count = low
        return [self.value(shape.member, depth) for _ in range(count)]

    def on_map(self, shape: Shape, depth: int) -> Any:
        low = int(shape.metadata.get("min", 0))
        count = low if depth > DEPTH else max(low, self.random.randint(0, 2))
        return {self.value(shape.key, depth): self.value(shape.value, depth) for _ in range(count)}

    def on_string(self, shape: Shape, _depth: int) -> str:
        if shape.enum:
            return self.random.choice(shape.enum)
        low = int(shape.metadata.get("min", 0))
        high = int(shape.metadata.get("max", low + 12))
        size = self.random.randint(low, max(low, min(high, low + 12)))
        alphabet = _TEXT if self.random.random() < 0.5 else _WORD
        return "".join(self.random.choice(alphabet) for _ in range(size))

    def on_boolean(self, _shape: Shape, _depth: int) -> bool:
        return self.random.random() < 0.5

    def on_integer(self, shape: Shape, _depth: int) -> int:
        edge = 2**31 if shape.type_name == "integer" else 2**53
        low = int(shape.metadata.get("min", -edge))
        high = int(shape.metadata.get("max", edge - 1))
        return self.random.choice([low, high, self.random.randint(low, high)])

    on_long = on_integer

    def on_double(self, shape: Shape, _depth: int) -> float:
        low, high = shape.metadata.get("min", -1e6), shape.metadata.get("max", 1e6)
        return self.random.choice([float(low), self.random.uniform(low, high)])

    on_float = on_double

    def on_blob(self, shape: Shape, _depth: int) -> bytes:
        low = int(shape.metadata.get("min", 0))
        return self.random.randbytes(low + self.random.randint(0, 9))

    def on_timestamp(self, shape: Shape, _depth: int) -> dt.datetime:
        return self.time(whole=shape.serialization.get("timestampFormat") == "rfc822")

    def time(self, *, whole: bool) -> dt.datetime:
        millis = 0 if whole or self.whole_times else self.random.randint(0, 999)
        seconds = self.random.randint(0, 4_000_000_000)
        return dt.datetime.fromtimestamp(seconds, dt.UTC) + dt.timedelta(milliseconds=millis)

    def word(self, alphabet: str = _WORD) -> str:
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(1, 12)))


def plain(value: Any) -> Any:
    """Times as epoch seconds (milliseconds kept), mappings and lists all the way down."""
    match value:
        case dt.datetime():
            return round(value.timestamp(), 3)
        case dict():
            return {k: plain(v) for k, v in value.items()}
        case list() | tuple():
            return [plain(v) for v in value]
        case float():
            return round(value, 3) if value > 1e9 else value
        case _:
            return value


def without_empty(value: Any) -> Any:
    """Without empty lists, maps and structures: query and XML do not tell them from absence."""
    match value:
        case dict():
            kept = {k: without_empty(v) for k, v in value.items()}
            return {k: v for k, v in kept.items() if v != {} and v != []}
        case list():
            return [kept for v in value if (kept := without_empty(v)) not in ({}, [])]
        case _:
            return value
