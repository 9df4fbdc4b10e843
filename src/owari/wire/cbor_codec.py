"""CBOR (RFC 8949), as much of it as Smithy RPC v2 uses. Pure data: no shapes here.

Tag 1 (epoch time) reads as `Moment`, so that a number and a time stay apart. Indefinite lengths
are read; what is written is definite.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

DEPTH_MAX = 64
_BREAK = object()


class CborError(ValueError):
    """Not CBOR, or with something Smithy does not use."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Epoch seconds."""

    seconds: float


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if count < 0 or end > len(self.data):
            raise CborError("ends too early")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise CborError("invalid length")
        return int.from_bytes(self.take(1 << (info - 24)), "big")

    def item(self, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise CborError("nested too deeply")
        byte = self.take(1)[0]
        major, info = byte >> 5, byte & 31
        match major:
            case 0:
                return self.argument(info)
            case 1:
                return -1 - self.argument(info)
            case 2:
                return self.string(major, info)
            case 3:
                return self.text(info)
            case 4:
                return self.array(info, depth)
            case 5:
                return self.map(info, depth)
            case 6:
                return self.tagged(self.argument(info), depth)
            case _:
                return self.simple(info)

    def string(self, major: int, info: int) -> bytes:
        if info != 31:
            return self.take(self.argument(info))
        pieces = []
        while (byte := self.take(1)[0]) != 0xFF:
            if byte >> 5 != major or byte & 31 == 31:
                raise CborError("invalid chunk of a string")
            pieces.append(self.take(self.argument(byte & 31)))
        return b"".join(pieces)

    def text(self, info: int) -> str:
        try:
            return self.string(3, info).decode()
        except UnicodeDecodeError:
            raise CborError("text is not UTF-8") from None

    def array(self, info: int, depth: int) -> list[Any]:
        if info != 31:
            return [self.value(depth) for _ in range(self.count(info))]
        items = []
        while (item := self.item(depth + 1)) is not _BREAK:
            items.append(item)
        return items

    def map(self, info: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if info != 31:
            for _ in range(self.count(info)):
                self.pair(found, self.value(depth), depth)
            return found
        while (key := self.item(depth + 1)) is not _BREAK:
            self.pair(found, key, depth)
        return found

    def pair(self, found: dict[str, Any], key: Any, depth: int) -> None:
        if type(key) is not str:
            raise CborError("a map key is not text")
        found[key] = self.value(depth)

    def value(self, depth: int) -> Any:
        item = self.item(depth + 1)
        if item is _BREAK:
            raise CborError("unexpected break")
        return item

    def count(self, info: int) -> int:
        count = self.argument(info)
        if count > len(self.data) - self.at:
            raise CborError("ends too early")
        return count

    def tagged(self, tag: int, depth: int) -> Any:
        value = self.value(depth)
        if tag != 1 or type(value) not in (int, float):
            raise CborError(f"tag {tag} is not used")
        return Moment(float(value))

    def simple(self, info: int) -> Any:
        match info:
            case 20 | 21:
                return info == 21
            case 22 | 23:
                return None
            case 25:
                return struct.unpack(">e", self.take(2))[0]
            case 26:
                return struct.unpack(">f", self.take(4))[0]
            case 27:
                return struct.unpack(">d", self.take(8))[0]
            case 31:
                return _BREAK
            case _:
                raise CborError("unknown simple value")


def decode(data: bytes) -> Any:
    """Raises CborError."""
    decoder = _Decoder(data)
    value = decoder.value(0)
    if decoder.at != len(data):
        raise CborError("more than one item")
    return value


def _head(major: int, value: int) -> bytes:
    top = major << 5
    if value < 24:
        return bytes((top | value,))
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * size):
            return bytes((top | info,)) + value.to_bytes(size, "big")
    raise OverflowError(value)


def _encode(out: list[bytes], value: Any) -> None:
    match value:
        case None | bool():
            out.append(b"\xf6" if value is None else b"\xf5" if value else b"\xf4")
        case int():
            out.append(_head(0, value) if value >= 0 else _head(1, -1 - value))
        case float():
            out.append(struct.pack(">Bd", 0xFB, value))
        case str():
            data = value.encode(errors="replace")
            out.append(_head(3, len(data)) + data)
        case bytes():
            out.append(_head(2, len(value)) + value)
        case Moment():
            out.append(b"\xc1" + struct.pack(">Bd", 0xFB, value.seconds))
        case dict():
            out.append(_head(5, len(value)))
            for key, item in value.items():
                _encode(out, key)
                _encode(out, item)
        case _:
            out.append(_head(4, len(value)))
            for item in value:
                _encode(out, item)


def encode(value: Any) -> bytes:
    out: list[bytes] = []
    _encode(out, value)
    return b"".join(out)
