"""Where an object's bytes lie: pieces of blobs and of the bytes kept inside the row. Pure.

Nothing is ever copied to put parts together, to copy an object or to copy a range of one: the
new object has pieces of the same blobs. Only bytes kept inside the row are duplicated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Piece(NamedTuple):
    """`length` bytes at `offset` of a blob, or of the row's own body when `blob` is None."""

    blob: str | None
    offset: int
    length: int


Pieces = tuple[Piece, ...]
Stored = tuple[Pieces, bytes | None]


def whole(size: int, blob: str | None) -> Pieces:
    return (Piece(blob, 0, size),) if size else ()


def cut(pieces: Pieces, start: int, length: int) -> Pieces:
    """The pieces of `length` bytes from `start`."""
    taken = []
    for piece in pieces:
        if length <= 0:
            break
        if start >= piece.length:
            start -= piece.length
            continue
        take = min(piece.length - start, length)
        taken.append(Piece(piece.blob, piece.offset + start, take))
        start, length = 0, length - take
    return tuple(taken)


def join(stored: Iterable[Stored]) -> Stored:
    """One object of several: bytes inside rows are put together, neighbours in a blob merged."""
    pieces: list[Piece] = []
    body = bytearray()
    for some, inside in stored:
        for piece in some:
            if piece.blob is None:
                assert inside is not None
                taken = inside[piece.offset : piece.offset + piece.length]
                piece = Piece(None, len(body), piece.length)
                body += taken
            _append(pieces, piece)
    return tuple(pieces), bytes(body) if body else None


def _append(pieces: list[Piece], piece: Piece) -> None:
    last = pieces[-1] if pieces else None
    if last and last.blob == piece.blob and last.offset + last.length == piece.offset:
        pieces[-1] = Piece(last.blob, last.offset, last.length + piece.length)
    else:
        pieces.append(piece)


def blobs(pieces: Iterable[Piece]) -> set[str]:
    return {piece.blob for piece in pieces if piece.blob is not None}
