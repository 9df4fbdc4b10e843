"""Frames between the server and an agent, and what they mean. Version 1.

A frame is two little-endian 32-bit lengths, a JSON header and payload bytes. The header's `k`
names the kind:

    server → agent
      hello     version, epoch: the first frame; an older epoch than one seen before is refused
      define    n: what follows is environment number n of this connection (heavy, once)
      run       n, call, run_id, attempt, request_id, trace, client, concurrency, durable, stream
                (the response is wanted in pieces) | event
      keep      n, count: so many environments of number n are to be there, initialised
      process   call, run_id, attempt, and the process spec (compute/base.py)
      ack       run_id, attempt, piece (of a run with items, else 0): the report is committed
      ack_logs  seq: every log frame up to this one is committed
      cancel    run_id, reason
      shutdown  kill everything and end

    agent → server
      welcome   version, instance, pid, known: [[run_id, attempt], …] running or not acknowledged,
                capacity: what jobs may take
      refused   why
      report    call, tail (bytes of log at the payload's end), the run report | result + tail
      chunk     call | a piece of a streamed response, before its report
      started   runs: [[run_id, attempt, epoch seconds], …] that began and still go on
      logs      seq | JSON list of log records
      status    what `owari status` shows

Each side accepts the other's version and the one before.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

VERSION = 1
LENGTHS = struct.Struct("<II")
FRAME_MAX_BYTES = 256 * 1024 * 1024
DURABLE = 0  # `call` of a run nobody waits for

encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def frame(header: bytes, payload: bytes = b"") -> bytes:
    return LENGTHS.pack(len(header), len(payload)) + header + payload


def message(header: dict[str, Any], payload: bytes = b"") -> bytes:
    return frame(encode(header).encode(), payload)


def speaks(version: int) -> bool:
    return version in (VERSION, VERSION - 1)


class ProtocolError(Exception):
    """What arrived is no frame."""


class Frames:
    """Cuts a stream of bytes into (header, payload)."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Raises ProtocolError on an absurd length."""
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= LENGTHS.size:
            header, payload = LENGTHS.unpack_from(buffer, start)
            if header + payload > FRAME_MAX_BYTES:
                raise ProtocolError(f"a frame of {header + payload} bytes")
            body = start + LENGTHS.size
            end = body + header + payload
            if len(buffer) < end:
                break
            yield bytes(buffer[body : body + header]), bytes(buffer[body + header : end])
            start = end
        del buffer[:start]
