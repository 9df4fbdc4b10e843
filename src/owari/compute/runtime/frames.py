"""Frames between the agent and a keeper of process runs (keeper.py).

A frame is its kind, the number of the run and a length, then the body. Both ends are the same
interpreter, so a job's body is `marshal`: five times as fast as JSON.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

HEAD = struct.Struct("<BQI")

JOB, STOP = 1, 2  # agent → keeper
READY, STARTED, OUTPUT, ENDED, UNSTARTED, RETURNED = 10, 11, 12, 13, 14, 15  # keeper → agent

STARTED_BODY = struct.Struct("<id")  # pid, epoch seconds
ENDED_BODY = struct.Struct("<iBdd")  # wait status, flags, started and stopped in epoch seconds
TIMED_OUT, STOPPED, OUT_OF_MEMORY = 1, 2, 4


def frame(kind: int, number: int, body: bytes = b"") -> bytes:
    return HEAD.pack(kind, number, len(body)) + body


def cut(buffer: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Take the whole frames off the front of `buffer`: kind, number, body."""
    start = 0
    size = HEAD.size
    while len(buffer) - start >= size:
        kind, number, length = HEAD.unpack_from(buffer, start)
        end = start + size + length
        if len(buffer) < end:
            break
        yield kind, number, bytes(buffer[start + size : end])
        start = end
    del buffer[:start]
