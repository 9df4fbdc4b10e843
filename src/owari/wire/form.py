"""S3's POST Object: a multipart/form-data body, its fields first and its file streamed.

See the S3 API reference, "POST Object".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum

from owari.errors import ServiceError

FIELDS_MAX_BYTES = 256 * 1024
_NAME = re.compile(r'[; ]name="((?:[^"\\]|\\.)*)"|[; ]name=([^;"\s]+)')
_FILENAME = re.compile(r'[; ]filename="((?:[^"\\]|\\.)*)"|[; ]filename=([^;"\s]+)')


class _At(Enum):
    START = 1
    HEAD = 2
    FIELD = 3
    FILE = 4
    END = 5


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPOSTRequest", message, status=400)


def boundary_of(content_type: str) -> bytes | None:
    found = re.search(r'boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))', content_type)
    return None if found is None else (found.group(1) or found.group(2)).encode()


class Form:
    """`on_fields` is called once, before the first byte of the file; it may raise.

    `fields` are by lower-case name. What follows the file is ignored, as S3 does.
    """

    def __init__(self, boundary: bytes | None, on_fields: Callable[[dict[str, str]], None]) -> None:
        if boundary is None:
            raise _malformed(
                "The body of your POST request is not well-formed multipart/form-data."
            )
        self.fields: dict[str, str] = {}
        self.trailers: dict[str, str] = {}
        self.filename = ""
        self.content_type = ""
        self.length_range: tuple[int, int] | None = None
        self.received = 0
        self._mark = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")  # so that the first boundary looks like the others
        self._at = _At.START
        self._name = ""
        self._seen = 0
        self._on_fields = on_fields

    def feed(self, data: bytes) -> bytes:
        if self._at is _At.END:
            return b""
        self._buffer += data
        if self._at is not _At.FILE:
            self._seen += len(data)
        out = bytearray()
        while self._step(out):
            pass
        if self._at not in (_At.FILE, _At.END):
            self._bound()
        self.received += len(out)
        if self.length_range is not None and self.received > self.length_range[1]:
            raise ServiceError(
                "EntityTooLarge",
                "Your proposed upload exceeds the maximum allowed size",
                status=400,
                fields={"ProposedSize": self.received, "MaxSizeAllowed": self.length_range[1]},
            )
        return bytes(out)

    def _bound(self) -> None:
        if len(self._buffer) > FIELDS_MAX_BYTES or self._seen > 4 * FIELDS_MAX_BYTES:
            raise ServiceError(
                "MaxPostPreDataLengthExceeded",
                "Your POST request fields preceding the upload file were too large.",
                status=400,
            )

    def _step(self, out: bytearray) -> bool:
        """Take one piece off the buffer; False when there is none yet."""
        match self._at:
            case _At.HEAD:
                return self._head()
            case _At.START | _At.FIELD | _At.FILE:
                return self._content(out)
            case _At.END:
                return False

    def _content(self, out: bytearray) -> bool:
        found = self._buffer.find(self._mark)
        after = found + len(self._mark)
        if found < 0 or len(self._buffer) < after + 2:
            if self._at is _At.FILE:
                keep = len(self._mark) + 1 if found < 0 else len(self._buffer) - found
                free = max(0, len(self._buffer) - keep)
                out += self._buffer[:free]
                del self._buffer[:free]
            return False
        content = bytes(self._buffer[:found])
        last = self._buffer[after : after + 2] == b"--"
        del self._buffer[: after if last else after + 2]
        if self._at is _At.FILE:
            out += content
            self._at = _At.END
            self._buffer.clear()
            return False
        if self._at is _At.FIELD:
            self.fields[self._name] = content.decode(errors="replace")
        if last:
            raise ServiceError(
                "InvalidArgument",
                "POST requires exactly one file upload per request.",
                status=400,
                fields={"ArgumentName": "file", "ArgumentValue": "0"},
            )
        self._at = _At.HEAD
        return True

    def _head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end]).decode(errors="replace")
        del self._buffer[: end + 4]
        disposition = content_type = ""
        for line in head.split("\r\n"):
            name, _, value = line.partition(":")
            match name.strip().lower():
                case "content-disposition":
                    disposition = value
                case "content-type":
                    content_type = value.strip()
        found = _NAME.search(disposition)
        if found is None:
            raise _malformed("A part of your POST request has no name.")
        self._name = (found.group(1) or found.group(2) or "").lower()
        if self._name == "file":
            self._start_file(disposition, content_type)
        else:
            self._at = _At.FIELD
        return True

    def _start_file(self, disposition: str, content_type: str) -> None:
        found = _FILENAME.search(disposition)
        name = "" if found is None else found.group(1) or found.group(2) or ""
        self.filename = name.replace("\\", "/").rpartition("/")[2]
        self.content_type = content_type
        for field, value in self.fields.items():
            if "${filename}" in value:
                self.fields[field] = value.replace("${filename}", self.filename)
        self._on_fields(self.fields)
        self._at = _At.FILE

    def finish(self) -> None:
        if self._at is not _At.END:
            raise _malformed(
                "The body of your POST request is not well-formed multipart/form-data."
            )
        if self.length_range is not None and self.received < self.length_range[0]:
            raise ServiceError(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                status=400,
                fields={"ProposedSize": self.received, "MinSizeAllowed": self.length_range[0]},
            )
