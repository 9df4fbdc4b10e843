"""Between request and answer bodies and stored content."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

from owari.services.s3 import checksums, errors
from owari.services.s3.core import Content
from owari.services.s3.pieces import Pieces, cut, whole
from owari.store.tx import Tx
from owari.wire.message import Body, Segment, Upload

Params = dict[str, Any]

# Up to this size a copy is read to compute digests that are not known; beyond it the writer
# would be held up too long, and the copy keeps the digests of its source.
COMPUTED_MAX_BYTES = 8 * 1024 * 1024
_READ_BYTES = 1024 * 1024


def received(p: Params, most: int) -> Upload:
    """The request's body. Other services call with plain bytes or text; they stand for an SDK,
    and SDKs send a CRC32 unless told otherwise.

    Raises EntityTooLarge, InvalidDigest, BadDigest.
    """
    body = p.get("Body")
    if not isinstance(body, Upload):
        data = body.encode() if isinstance(body, str) else bytes(body or b"")
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        body = Upload(
            len(data), md5, data, checksums={"crc32": zlib.crc32(data).to_bytes(4, "big")}
        )
    if body.size > most:
        raise errors.entity_too_large(body.size, most)
    checksums.check_content_md5(p.get("ContentMD5"), body.md5)
    return body


def content_of(upload: Upload) -> Content:
    return Content(
        size=upload.size,
        etag=upload.md5.hex(),
        pieces=whole(upload.size, upload.blob),
        body=(upload.data or b"") if upload.blob is None else None,
        checksums={name: checksums.encode(raw) for name, raw in upload.checksums.items()},
    )


def body_of(tx: Tx, content: Content, start: int, length: int) -> Body:
    """The bytes to send: slices of the row, stretches of blob files."""
    segments = []
    for piece in cut(content.pieces, start, length):
        if piece.blob is None:
            assert content.body is not None
            data = content.body[piece.offset : piece.offset + piece.length]
            segments.append(Segment(data=data, length=len(data)))
        else:
            path = str(tx.blobs.path(piece.blob))
            segments.append(Segment(path=path, offset=piece.offset, length=piece.length))
    return Body(tuple(segments))


def chunks(tx: Tx, pieces: Pieces, inside: bytes | None) -> Iterator[bytes]:
    """The bytes themselves; for content of at most COMPUTED_MAX_BYTES."""
    for piece in pieces:
        if piece.blob is None:
            assert inside is not None
            yield inside[piece.offset : piece.offset + piece.length]
            continue
        with tx.blobs.path(piece.blob).open("rb") as file:
            file.seek(piece.offset)
            left = piece.length
            while left > 0:
                data = file.read(min(left, _READ_BYTES))
                assert data, f"blob {piece.blob} is shorter than its object"
                left -= len(data)
                yield data
