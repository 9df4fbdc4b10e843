"""Byte ranges and part numbers of a read. Sources: RFC 9110 section 14; S3 API, GetObject."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from owari.errors import ServiceError
from owari.services.s3 import errors

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,99})\s*-\s*(\d{0,99})\s*\Z", re.ASCII)
_COPY_RANGE = re.compile(r"bytes=(\d{1,99})-(\d{1,99})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `start` of an object of `total` bytes. `part`: index of the part."""

    start: int
    length: int
    total: int
    partial: bool = False
    part: int | None = None

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.total}"


def span_of(header: str | None, size: int) -> Span:
    """A malformed header, or one naming several ranges, is ignored: all of it is sent."""
    found = _RANGE.match(header) if header is not None else None
    if found is None or (not found[1] and not found[2]):
        return Span(0, size, size)
    first, last = found[1], found[2]
    if not first:
        length = min(int(last), size)
        start = size - length
    else:
        start = int(first)
        if last and int(last) < start:
            return Span(0, size, size)
        length = (min(int(last), size - 1) if last else size - 1) - start + 1
    if length <= 0:
        raise _unsatisfiable(header or "", size)
    return Span(start, length, size, partial=True)


def _unsatisfiable(header: str, size: int) -> ServiceError:
    return ServiceError(
        "InvalidRange",
        "The requested range is not satisfiable",
        status=416,
        fields={"RangeRequested": header, "ActualObjectSize": str(size)},
        headers={"Content-Range": f"bytes */{size}"},
    )


def part_span(number: int, sizes: Sequence[int], size: int) -> Span:
    """Part `number` (from 1); an object that was not uploaded in parts is its own part 1."""
    if not 1 <= number <= 10_000:
        raise errors.invalid_argument(
            "Part number must be an integer between 1 and 10000, inclusive", "partNumber", number
        )
    if number > max(len(sizes), 1):
        raise ServiceError(
            "InvalidPartNumber",
            "The requested partnumber is not satisfiable",
            status=416,
            fields={"PartNumberRequested": str(number), "ActualPartCount": str(len(sizes) or 1)},
        )
    if not sizes:
        return Span(0, size, size, partial=size > 0)
    start = sum(sizes[: number - 1])
    return Span(start, sizes[number - 1], size, partial=size > 0, part=number - 1)


def copy_span(header: str | None, size: int) -> Span:
    """`x-amz-copy-source-range`: strictly `bytes=first-last`, within the object."""
    if header is None:
        return Span(0, size, size)
    found = _COPY_RANGE.match(header)
    if found is None or int(found[2]) < int(found[1]):
        raise errors.invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first"
            " and last are the zero-based offsets of the first and last bytes to copy",
            "x-amz-copy-source-range",
            header,
        )
    first, last = int(found[1]), int(found[2])
    if last >= size:
        raise errors.invalid_argument(
            f"Range specified is not valid for source object of size: {size}",
            "x-amz-copy-source-range",
            header,
        )
    return Span(first, last - first + 1, size, partial=True)
