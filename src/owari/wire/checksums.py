"""The checksums S3 knows, computed while a body streams by.

zlib and hashlib do most. CRC32C and CRC64NVME take `google_crc32c` or `awscrt` where installed,
else a folding implementation whose inner loops are `bytes.translate` and integer XOR (about
100 MB/s, ten times a table loop).

See the S3 user guide, "Checking object integrity": digests are big-endian, base64 on the wire.
"""

from __future__ import annotations

import hashlib
import importlib
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

ALGORITHMS = ("crc32", "crc32c", "crc64nvme", "sha1", "sha256")


class Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


# ---- CRC by folding. Reflected CRCs: the first bit sent is the highest power of x.

_BLOCKS = tuple(1 << n for n in range(15, 5, -1))  # halves: 32 KiB down to 64 bytes


def _reverse(value: int, bits: int) -> int:
    return int(f"{value:0{bits}b}"[::-1], 2)


class Folding:
    """One reflected CRC. `poly` is its normal form without the top bit; `width` 32 or 64.

    A block is a polynomial A·x^n + B. A times the constant (x^n mod P) is a few bytes longer
    than A and may be added to B instead: each step halves the block, and costs one
    `translate` of A for every byte of the product of a byte and the constant.
    """

    def __init__(self, poly: int, width: int) -> None:
        self.poly = poly
        self.width = width
        self.size = width // 8
        self.folds = [(half, self._planes(half)) for half in _BLOCKS]
        self.table = [self._entry(byte) for byte in range(256)]

    def _power(self, exponent: int) -> int:
        """x^exponent mod P, normal form."""
        value = 1
        for bit in f"{exponent:b}":
            value = self._times(value, value)
            if bit == "1":
                value = self._times(value, 2)
        return value

    def _times(self, a: int, b: int) -> int:
        product = 0
        for bit in f"{b:0{self.width}b}":
            product <<= 1
            if product >> self.width:
                product ^= (1 << self.width) | self.poly
            if bit == "1":
                product ^= a
        return product

    def _planes(self, half: int) -> list[bytes]:
        """For each byte of the product: a table from the byte of A."""
        constant = self._power(8 * half)
        products = []
        for byte in range(256):
            plain, product = _reverse(byte, 8), 0
            for bit in range(8):
                if plain >> bit & 1:
                    product ^= constant << bit
            products.append(_reverse(product, self.width + 8))
        return [
            bytes(product >> 8 * plane & 255 for product in products)
            for plane in range(self.size + 1)
        ]

    def _entry(self, byte: int) -> int:
        reflected = _reverse(self.poly, self.width)
        for _ in range(8):
            byte = byte >> 1 ^ (reflected if byte & 1 else 0)
        return byte

    def _bytewise(self, register: int, data: bytes) -> int:
        table = self.table
        for byte in data:
            register = register >> 8 ^ table[(register ^ byte) & 255]
        return register

    def _fold(self, register: int, data: bytes) -> int:
        """`data`: 64 KiB. What is carried in front of a block grows by `size` a step."""
        start = int.from_bytes(data[: self.size], "little") ^ register
        data = start.to_bytes(self.size, "little") + data[self.size :]
        for half, planes in self.folds:
            cut = len(data) - half
            high, low = data[:cut], data[cut:]
            total = int.from_bytes(low, "little") << 8 * max(0, cut + self.size - half)
            shift = max(0, half - cut - self.size)
            for plane, table in enumerate(planes):
                total ^= int.from_bytes(high.translate(table), "little") << 8 * (plane + shift)
            data = total.to_bytes(max(half, cut + self.size), "little")
        return self._bytewise(0, data)

    def update(self, register: int, data: bytes) -> int:
        block = 2 * _BLOCKS[0]
        at, end = 0, len(data)
        while end - at >= block:
            register = self._fold(register, data[at : at + block])
            at += block
        return self._bytewise(register, data[at:])


@cache
def _folding(poly: int, width: int) -> Folding:
    return Folding(poly, width)


class _FoldedCrc:
    def __init__(self, poly: int, width: int) -> None:
        self._crc = _folding(poly, width)
        self._ones = (1 << width) - 1
        self._register = self._ones
        self._rest = bytearray()

    def update(self, data: bytes, /) -> None:
        self._rest += data
        whole = len(self._rest) - len(self._rest) % (2 * _BLOCKS[0])
        if whole:
            self._register = self._crc.update(self._register, bytes(self._rest[:whole]))
            del self._rest[:whole]

    def digest(self) -> bytes:
        register = self._crc.update(self._register, bytes(self._rest))
        return (register ^ self._ones).to_bytes(self._crc.size, "big")


# ---- one CRC function after another: `f(data, previous) -> crc`


class _Running:
    def __init__(self, function: Callable[[bytes, int], int], size: int) -> None:
        self._function = function
        self._size = size
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


def _optional(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


@cache
def _fast(algorithm: str) -> Callable[[bytes, int], int] | None:
    """An installed library's function, if there is one."""
    if algorithm == "crc32c" and (google := _optional("google_crc32c")) is not None:
        return lambda data, crc: int(google.extend(crc, data))
    crt = _optional("awscrt.checksums")
    function: Callable[[bytes, int], int] | None = getattr(crt, algorithm, None)
    return function


_POLYNOMIALS = {"crc32c": (0x1EDC6F41, 32), "crc64nvme": (0xAD93D23594C93659, 64)}


def new(algorithm: str) -> Digest:
    """`algorithm`: one of ALGORITHMS, or md5."""
    match algorithm:
        case "md5":
            return hashlib.md5(usedforsecurity=False)
        case "sha1":
            return hashlib.sha1(usedforsecurity=False)
        case "sha256":
            return hashlib.sha256()
        case "crc32":
            return _Running(zlib.crc32, 4)
        case _:
            poly, width = _POLYNOMIALS[algorithm]
            fast = _fast(algorithm)
            return _FoldedCrc(poly, width) if fast is None else _Running(fast, width // 8)


class Digests:
    """MD5 and `algorithms`, over the same bytes."""

    def __init__(self, algorithms: tuple[str, ...]) -> None:
        self._md5 = new("md5")
        self._others = {name: new(name) for name in algorithms}
        self._updates = [digest.update for digest in self._others.values()]

    def update(self, data: bytes) -> None:
        self.update_md5(data)
        self.update_checksums(data)

    def update_md5(self, data: bytes) -> None:
        """The two may be told of the same bytes by different threads."""
        self._md5.update(data)

    def update_checksums(self, data: bytes) -> None:
        for update in self._updates:
            update(data)

    @property
    def md5(self) -> bytes:
        return self._md5.digest()

    @property
    def checksums(self) -> dict[str, bytes]:
        return {name: digest.digest() for name, digest in self._others.items()}
