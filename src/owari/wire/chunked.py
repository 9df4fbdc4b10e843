"""`aws-chunked` bodies, decoded as they come: chunk signatures and trailing checksums included.

    SIZE[;chunk-signature=SIG]\\r\\n DATA \\r\\n … 0[;chunk-signature=SIG]\\r\\n
    [x-amz-checksum-crc32:…\\r\\n [x-amz-trailer-signature:SIG\\r\\n]] \\r\\n

See the S3 API reference, "Signature Calculations for the Authorization Header: Transferring
Payload in Multiple Chunks" and "… Including Trailing Headers".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from owari.errors import ServiceError
from owari.wire.sigv4 import EMPTY_SHA256, equal, sign

LINE_MAX_BYTES = 8 * 1024
TRAILERS_MAX = 32


class Decoder(Protocol):
    """A body's framing taken off while it streams by."""

    @property
    def trailers(self) -> dict[str, str]:
        """Headers that came after the body, names in lower case. Complete after `finish`."""

    def feed(self, data: bytes) -> bytes:
        """The payload in `data`. Raises ServiceError."""

    def finish(self) -> None:
        """The body has ended. Raises ServiceError when its framing has not, or its length."""


def incomplete_body() -> ServiceError:
    return ServiceError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        status=400,
    )


class Plain:
    """No framing at all."""

    def __init__(self) -> None:
        self.trailers: dict[str, str] = {}

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> None:
        pass


@dataclass(slots=True)
class ChunkSigner:
    """The chain of chunk signatures; `previous` starts as the request's own."""

    key: bytes
    date: str
    scope: str
    previous: str

    def check_chunk(self, digest: str, given: str) -> None:
        head = "AWS4-HMAC-SHA256-PAYLOAD"
        text = f"{head}\n{self.date}\n{self.scope}\n{self.previous}\n{EMPTY_SHA256}\n{digest}"
        self._check(text, given)

    def check_trailers(self, text: bytes, given: str) -> None:
        digest = hashlib.sha256(text).hexdigest()
        head = "AWS4-HMAC-SHA256-TRAILER"
        self._check(f"{head}\n{self.date}\n{self.scope}\n{self.previous}\n{digest}", given)

    def _check(self, text: str, given: str) -> None:
        expected = sign(self.key, text)
        if not equal(expected, given):
            raise ServiceError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                status=403,
            )
        self.previous = expected


class _At(Enum):
    SIZE = 1
    DATA = 2
    DATA_END = 3
    TRAILER = 4
    END = 5


def _malformed() -> ServiceError:
    return ServiceError(
        "InvalidRequest", "The aws-chunked body of the request is malformed.", status=400
    )


def _malformed_trailer() -> ServiceError:
    return ServiceError(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to "
        "our published schema.",
        status=400,
    )


class Chunked:
    """`length`: x-amz-decoded-content-length. `signer`: None leaves signatures unchecked."""

    def __init__(self, length: int | None, signer: ChunkSigner | None = None) -> None:
        self.trailers: dict[str, str] = {}
        self._length = length
        self._signer = signer
        self._at = _At.SIZE
        self._line = bytearray()
        self._left = 0
        self._received = 0
        self._signature = ""
        self._digest = hashlib.sha256()
        self._trailer_text = b""
        self._blank = False

    def feed(self, data: bytes) -> bytes:
        pieces: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            if self._at is _At.DATA:
                piece = data[at : at + self._left]
                at += len(piece)
                self._take(piece)
                pieces.append(piece)
            elif self._at is _At.END:
                raise _malformed()
            else:
                at = self._feed_line(data, at)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _take(self, piece: bytes) -> None:
        self._left -= len(piece)
        self._received += len(piece)
        if self._length is not None and self._received > self._length:
            raise incomplete_body()
        if self._signer is not None:
            self._digest.update(piece)
        if not self._left:
            self._end_chunk()
            self._at = _At.DATA_END

    def _feed_line(self, data: bytes, at: int) -> int:
        newline = data.find(b"\n", at)
        end = len(data) if newline < 0 else newline + 1
        self._line += data[at:end]
        if len(self._line) > LINE_MAX_BYTES:
            raise _malformed()
        if newline >= 0:
            line = bytes(self._line)
            self._line.clear()
            if not line.endswith(b"\r\n") and self._at is not _At.TRAILER:
                raise _malformed()
            self._on_line(line.rstrip(b"\r\n"))
        return end

    def _on_line(self, line: bytes) -> None:
        match self._at:
            case _At.SIZE:
                self._on_size(line)
            case _At.DATA_END:
                if line:
                    raise _malformed()
                self._at = _At.SIZE
            case _:
                self._on_trailer(line)

    def _on_size(self, line: bytes) -> None:
        size, _, extension = line.partition(b";")
        try:
            if not 0 < len(size) <= 16 or not size.isalnum():
                raise ValueError(size)
            self._left = int(size, 16)
            self._signature = extension.decode("ascii").partition("chunk-signature=")[2]
        except ValueError:
            raise _malformed() from None
        if self._left:
            self._at = _At.DATA
        else:
            self._end_chunk()
            self._at = _At.TRAILER

    def _end_chunk(self) -> None:
        if self._signer is not None:
            self._signer.check_chunk(self._digest.hexdigest(), self._signature)
            self._digest = hashlib.sha256()

    def _on_trailer(self, line: bytes) -> None:
        if not line:
            # An empty line may come between the trailers and their signature, and at the end.
            done = self._blank or "x-amz-trailer-signature" in self.trailers or not self.trailers
            self._at, self._blank = _At.END if done else _At.TRAILER, True
            return
        name, colon, value = line.partition(b":")
        if not colon or len(self.trailers) >= TRAILERS_MAX:
            raise _malformed_trailer()
        try:
            key, text = name.decode("ascii").strip().lower(), value.decode("ascii").strip()
        except UnicodeDecodeError:
            raise _malformed_trailer() from None
        self.trailers[key] = text
        if key != "x-amz-trailer-signature":
            self._trailer_text += f"{key}:{text}\n".encode()

    def finish(self) -> None:
        # Some clients leave out the last empty line; a chunk cut short is another matter.
        if self._at not in (_At.TRAILER, _At.END) or self._line:
            raise incomplete_body()
        if self._length is not None and self._received != self._length:
            raise incomplete_body()
        if self._signer is not None and self._trailer_text:
            given = self.trailers.get("x-amz-trailer-signature", "")
            self._signer.check_trailers(self._trailer_text, given)
