"""What the server has not acknowledged: run reports and log frames, in two files.

They survive the agent and the server being killed (the kernel has the bytes; nothing is
fsynced, since a power cut ends the runs themselves). Each file is emptied when everything in it
has been acknowledged. A torn end is dropped.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from owari.compute.agent import protocol, together

LENGTHS = protocol.LENGTHS
COMPACT_BYTES = 1 << 20
REWRITE_BYTES = 256 << 20
LOGS_MAX_BYTES = 256 << 20  # beyond this, log lines are dropped, and a line says so
ACKS_MAX_BYTES = 8 << 10  # of acknowledgements that wait for the next write
WINDOW_BYTES = 4 << 20  # log bytes on their way to the server
ACKED = struct.Struct("<QQ")  # head of the log file: acknowledged up to this offset; first seq

Key = tuple[str, int]


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Reports:
    """Reports of durable runs, by (run_id, attempt) and piece, as frames ready to send.

    A run with items whose last report is not here ended with the agent that ran it: the rest of
    it is reported lost, after what was reported of it.
    """

    def __init__(self, path: Path) -> None:
        self.pending: dict[Key, dict[int, bytes]] = {}
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._size = 0
        self._waiting = bytearray()  # for the next write: acknowledgements, and what failed
        self._replay(path.read_bytes())

    def _replay(self, data: bytes) -> None:
        unfinished: dict[Key, int] = {}  # the last piece of a run that had more to tell
        for header, payload in protocol.Frames().feed(data):
            entry = json.loads(header)
            key, piece = (entry["run_id"], entry["attempt"]), entry.get("piece", 0)
            if entry["k"] == "report":
                self.pending.setdefault(key, {})[piece] = protocol.frame(header, payload)
                unfinished.pop(key, None)
                if entry.get("more"):
                    unfinished[key] = piece
            else:
                self._forget(key, piece)
        for key, piece in unfinished.items():
            if key in self.pending:
                closing = together.piece(key, piece + 1, "lost", False, [])
                self.pending[key][piece + 1] = closing
        with contextlib.suppress(OSError):  # they are in memory, and told to the next server
            self._rewrite()

    def _rewrite(self) -> None:
        os.ftruncate(self._fd, 0)
        self._size = 0
        self._waiting.clear()
        self._append(b"".join(self.frames()))

    def _append(self, data: bytes) -> None:
        """Acknowledgements wait for the next write: one that is lost only makes a report stale.

        What a full disk refuses waits, too, and no torn frame stays in front of what comes later.
        Raises OSError.
        """
        data = bytes(self._waiting) + data
        try:
            _write_all(self._fd, data)
        except OSError:
            os.ftruncate(self._fd, self._size)
            self._waiting[:] = data
            raise
        self._waiting.clear()
        self._size += len(data)

    def frames(self) -> Iterator[bytes]:
        for pieces in self.pending.values():
            yield from pieces.values()

    def add(self, key: Key, report: bytes) -> None:
        """Raises OSError when the disk is full; it is kept in memory all the same."""
        self.add_all([(key, 0, report)])

    def add_all(self, reports: list[tuple[Key, int, bytes]]) -> None:
        """Many, of (key, piece, frame), with one write. Raises OSError as `add` does."""
        for key, piece, report in reports:
            self.pending.setdefault(key, {})[piece] = report
        self._append(b"".join([report for _, _, report in reports]))

    def _forget(self, key: Key, piece: int) -> bool:
        """False when it was not there."""
        pieces = self.pending.get(key, {})
        found = pieces.pop(piece, None)
        if not pieces:
            self.pending.pop(key, None)
        return found is not None

    def acknowledge(self, key: Key, piece: int = 0) -> None:
        if not self._forget(key, piece):
            return
        with contextlib.suppress(OSError):  # it waits for the next write
            if (not self.pending and self._size > COMPACT_BYTES) or self._size > REWRITE_BYTES:
                self._rewrite()
                return
            self._waiting += protocol.message(
                {"k": "ack", "run_id": key[0], "attempt": key[1], "piece": piece}
            )
            if len(self._waiting) > ACKS_MAX_BYTES:
                self._append(b"")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._append(b"")
        os.close(self._fd)


class Logs:
    """Log frames in order, numbered by `seq`; the file is the queue, memory holds offsets."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._acked = ACKED.size
        self._sent = ACKED.size
        self._end = ACKED.size
        self._next = 1
        self._sent_seq = 0
        self._ends: deque[tuple[int, int]] = deque()  # (seq, offset of its end) unacknowledged
        self._replay()

    def _replay(self) -> None:
        head = os.pread(self._fd, ACKED.size, 0)
        if len(head) < ACKED.size:
            self._reset()
            return
        self._acked, _ = ACKED.unpack(head)
        offset = self._sent = self._acked
        while True:
            head = os.pread(self._fd, LENGTHS.size, offset)
            if len(head) < LENGTHS.size:
                break
            length = sum(LENGTHS.unpack(head)) + LENGTHS.size
            if offset + length > os.fstat(self._fd).st_size:
                break
            offset += length
            self._ends.append((self._next, offset))
            self._next += 1
        self._end = offset
        os.ftruncate(self._fd, offset)

    def _reset(self) -> None:
        os.ftruncate(self._fd, 0)
        self._acked = self._sent = self._end = ACKED.size
        self._mark()

    def _mark(self) -> None:
        """Write down what is acknowledged. One that a full disk refuses: lines come twice."""
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, ACKED.pack(self._acked, 0), 0)

    @property
    def full(self) -> bool:
        return self._end > LOGS_MAX_BYTES

    @property
    def crowded(self) -> bool:
        """Those who can wait had better wait, before lines must be dropped."""
        return self._end > LOGS_MAX_BYTES // 2

    def add(self, records: bytes) -> None:
        """Raises OSError when the disk is full."""
        data = protocol.frame(b"", records)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._fd, data[written:], self._end + written)
        except OSError:
            os.ftruncate(self._fd, self._end)
            raise
        self._end += len(data)
        self._ends.append((self._next, self._end))
        self._next += 1

    def to_send(self) -> tuple[int, bytes] | None:
        """The next frame, unless enough are on their way already: (seq, records)."""
        if self._sent >= self._end or self._sent - self._acked > WINDOW_BYTES:
            return None
        _, length = LENGTHS.unpack(os.pread(self._fd, LENGTHS.size, self._sent))
        records = os.pread(self._fd, length, self._sent + LENGTHS.size)
        self._sent += LENGTHS.size + length
        self._sent_seq += 1
        return self._sent_seq, records

    def resend(self) -> None:
        """A new connection: everything not acknowledged goes again."""
        self._sent = self._acked
        self._sent_seq = self._next - len(self._ends) - 1

    def acknowledge(self, seq: int) -> None:
        while self._ends and self._ends[0][0] <= seq:
            self._acked = self._ends.popleft()[1]
        assert self._acked <= self._sent, "acknowledged before it was sent"
        if self._acked == self._end and self._end > COMPACT_BYTES:
            self._reset()
        else:
            self._mark()

    def close(self) -> None:
        os.close(self._fd)
