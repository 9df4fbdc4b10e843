"""HTTP/1.1 heads: a request's target taken apart, an answer's status line and headers made."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

_STATUS = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in HTTPStatus}
_UNSAFE = str.maketrans("\r\n\0", "   ")

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def split_target(target: str) -> tuple[str, str]:
    """(path, query) of a request target, both raw; absolute form (RFC 9112 3.2.2) included."""
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        scheme, found, rest = path.partition("://")
        if found and scheme.lower() in ("http", "https"):
            path = "/" + rest.partition("/")[2]
    return path, query


class DateHeader:
    """The `Date` header, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = ""

    def line(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n"
        return self._line


_date = DateHeader()


def answer_head(
    status: int, headers: list[tuple[str, str]], length: int | None, connection: str | None
) -> bytes:
    """The head of an answer. `length` None: no Content-Length (204, 304, or already given)."""
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if fields.count("\n") != len(headers) or fields.count("\r") != len(headers):
        # A value with a line break would forge a header of its own.
        fields = "".join([f"{n}: {v.translate(_UNSAFE)}\r\n" for n, v in headers])
    start = _STATUS.get(status) or f"HTTP/1.1 {status} Unknown\r\n"
    size = "" if length is None else f"Content-Length: {length}\r\n"
    ends = "" if connection is None else f"Connection: {connection}\r\n"
    text = f"{start}{_date.line()}{fields}{size}{ends}\r\n"
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
