"""Frames between the agent and a worker: header, metadata (JSON), payload."""

from __future__ import annotations

import os
import struct

HEADER = struct.Struct("<HBII")  # magic, kind, length of the metadata, length of the payload
MAGIC = 0x4F57

INIT, INVOKE, LEAVE = 1, 2, 3  # agent → worker
READY, RESULT, ERROR, INIT_ERROR, BROKEN, CHUNK = 11, 12, 13, 14, 15, 16  # worker → agent
OPEN = b"1"  # metadata of RESULT and ERROR: not free for the next before another READY

READ_BYTES = 1 << 18


def send(fd: int, kind: int, meta: bytes, payload: bytes = b"") -> None:
    data = memoryview(HEADER.pack(MAGIC, kind, len(meta), len(payload)) + meta + payload)
    while data:
        data = data[os.write(fd, data) :]


def receive(fd: int) -> tuple[int, bytes, bytes]:
    """The next frame; one is under way at a time. Raises EOFError when the agent is gone."""
    data = os.read(fd, READ_BYTES)
    if len(data) < HEADER.size:
        data = _more(fd, bytearray(data), HEADER.size)
    _, kind, meta, payload = HEADER.unpack_from(data)
    start = HEADER.size + meta
    if len(data) < start + payload:
        data = _more(fd, bytearray(data), start + payload)
    return kind, bytes(data[HEADER.size : start]), bytes(data[start : start + payload])


def _more(fd: int, data: bytearray, size: int) -> bytes:
    while len(data) < size:
        chunk = os.read(fd, READ_BYTES)
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)
