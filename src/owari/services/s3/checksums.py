"""Checksums of objects and of multipart uploads.

Source: S3 User Guide, "Checking object integrity for data uploads": a multipart upload has a
composite checksum (the digest of the parts' digests, `-N` appended) or, for the CRCs, one of
the full object, which follows from the parts' CRCs and lengths without reading the data.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from owari.errors import ServiceError
from owari.services.s3 import errors

MEMBERS = {
    "crc32": "ChecksumCRC32",
    "crc32c": "ChecksumCRC32C",
    "crc64nvme": "ChecksumCRC64NVME",
    "sha1": "ChecksumSHA1",
    "sha256": "ChecksumSHA256",
    "sha512": "ChecksumSHA512",
    "md5": "ChecksumMD5",
    "xxhash64": "ChecksumXXHASH64",
    "xxhash3": "ChecksumXXHASH3",
    "xxhash128": "ChecksumXXHASH128",
}
ALGORITHMS = {name.upper(): name for name in MEMBERS}

# Reflected polynomial and width in bits.
_POLYNOMIALS = {
    "crc32": (0xEDB88320, 32),
    "crc32c": (0x82F63B78, 32),
    "crc64nvme": (0x9A6C9329AC4BC9B5, 64),
}
_FULL_ONLY = {"crc64nvme"}
_COMPOSITE_ALLOWED = {name for name in MEMBERS if name not in _FULL_ONLY}


def encode(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def members(checksums: dict[str, str]) -> dict[str, str]:
    """As boto3 names them."""
    return {MEMBERS[name]: value for name, value in checksums.items()}


def names(checksums: Iterable[str]) -> list[str]:
    return [name.upper() for name in checksums]


def algorithm_of(text: str) -> str:
    """`ChecksumAlgorithm` of a request to our name of it."""
    name = ALGORITHMS.get(text.upper())
    if name is None:
        raise errors.invalid_request(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid"
            f" types: [{', '.join(ALGORITHMS)}]"
        )
    return name


def type_of(algorithm: str, wanted: str | None) -> str:
    """The checksum type of a multipart upload: as asked, else the algorithm's default."""
    chosen = wanted or ("FULL_OBJECT" if algorithm in _FULL_ONLY else "COMPOSITE")
    fits = algorithm in (_POLYNOMIALS if chosen == "FULL_OBJECT" else _COMPOSITE_ALLOWED)
    if chosen not in ("FULL_OBJECT", "COMPOSITE") or not fits:
        raise errors.invalid_request(
            f"The {chosen} checksum type cannot be used with the {algorithm} checksum algorithm."
        )
    return chosen


def can_compute(algorithm: str) -> bool:
    return algorithm in ("crc32", "sha1", "sha256", "sha512", "md5")


def compute(algorithm: str, chunks: Iterable[bytes]) -> bytes:
    """The digest of the data; only where `can_compute`."""
    if algorithm == "crc32":
        crc = 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
        return crc.to_bytes(4, "big")
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for chunk in chunks:
        digest.update(chunk)
    return digest.digest()


# ---- several parts
def multipart_etag(etags: Sequence[str]) -> str:
    """MD5 of the parts' MD5s, and how many there are."""
    joined = b"".join(bytes.fromhex(etag) for etag in etags)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(etags)}"


def composite(algorithm: str, parts: Sequence[str]) -> str | None:
    """Base64 checksums of the parts to that of the object; None when we cannot compute it."""
    joined = b"".join(base64.b64decode(part) for part in parts)
    if can_compute(algorithm):
        digest = compute(algorithm, [joined])
    elif algorithm in _POLYNOMIALS:
        digest = _crc(algorithm, joined)
    else:
        return None
    return f"{encode(digest)}-{len(parts)}"


def full_object(algorithm: str, parts: Sequence[tuple[int, str]]) -> str:
    """(size, base64 CRC) of each part to the CRC of all of them one after another."""
    polynomial, width = _POLYNOMIALS[algorithm]
    total = 0
    for size, text in parts:
        crc = int.from_bytes(base64.b64decode(text), "big")
        total = _multiply(_shift(size, polynomial, width), total, polynomial, width) ^ crc
    return encode(total.to_bytes(width // 8, "big"))


def _multiply(a: int, b: int, polynomial: int, width: int) -> int:
    """a * b modulo the polynomial; the highest bit is the coefficient of x^0."""
    top = 1 << (width - 1)
    product = 0
    while a:
        if a & top:
            product ^= b
        a = (a << 1) & (2 * top - 1)
        b = (b >> 1) ^ polynomial if b & 1 else b >> 1
    return product


@lru_cache(maxsize=256)
def _shift(size: int, polynomial: int, width: int) -> int:
    """x^(8 * size) modulo the polynomial: what `size` more bytes do to a CRC."""
    result = 1 << (width - 1)
    power = 1 << (width - 1 - 8)  # x^8
    while size:
        if size & 1:
            result = _multiply(power, result, polynomial, width)
        power = _multiply(power, power, polynomial, width)
        size >>= 1
    return result


@lru_cache(maxsize=4)
def _table(polynomial: int) -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ polynomial if byte & 1 else byte >> 1
        table.append(byte)
    return tuple(table)


def _crc(algorithm: str, data: bytes) -> bytes:
    """A CRC byte by byte: only for the few bytes of a composite checksum."""
    polynomial, width = _POLYNOMIALS[algorithm]
    table = _table(polynomial)
    crc = ones = (1 << width) - 1
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return (crc ^ ones).to_bytes(width // 8, "big")


# ---- what a request claims
def check_content_md5(claimed: str | None, actual: bytes) -> None:
    """The Content-MD5 header: base64 of 16 bytes, equal to what was received."""
    if claimed is None:
        return
    try:
        digest = base64.b64decode(claimed, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != 16:
        raise ServiceError(
            "InvalidDigest",
            "The Content-MD5 you specified was invalid.",
            status=400,
            fields={"Content-MD5": claimed},
        )
    if digest != actual:
        raise ServiceError(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            status=400,
            fields={"ExpectedDigest": claimed, "CalculatedDigest": encode(actual)},
        )
