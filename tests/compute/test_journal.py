"""What is not acknowledged survives; what is, does not come again."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from owari.compute.agent import protocol
from owari.compute.agent.journal import WINDOW_BYTES, Logs, Reports


def report(run_id: str, size: int = 3) -> bytes:
    header = {"k": "report", "run_id": run_id, "attempt": 1, "call": 0, "tail": 0}
    return protocol.message(header, b"\xff" * size)


def test_reports_are_replayed_until_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    first = Reports(path)
    first.add(("a", 1), report("a"))
    first.add(("b", 1), report("b"))
    first.acknowledge(("a", 1))
    first.close()
    second = Reports(path)
    assert second.pending == {("b", 1): {0: report("b")}}
    second.acknowledge(("b", 1))
    second.acknowledge(("b", 1))
    second.close()
    third = Reports(path)
    assert third.pending == {}
    third.close()


@pytest.mark.parametrize("cut", [1, 3, 9, 40])
def test_a_torn_report_is_dropped(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "reports"
    first = Reports(path)
    first.add(("a", 1), report("a"))
    first.add(("b", 1), report("b"))
    first.close()
    os.truncate(path, path.stat().st_size - cut)
    second = Reports(path)
    assert second.pending == {("a", 1): {0: report("a")}}
    second.close()


def test_the_report_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    reports = Reports(tmp_path / "reports")
    for number in range(100):
        reports.add((str(number), 1), report(str(number), 100_000))
        reports.acknowledge((str(number), 1))
    assert (tmp_path / "reports").stat().st_size < 2_000_000
    reports.close()


@contextlib.contextmanager
def full_disk(path: Path, room: int) -> Iterator[None]:
    """Files can grow to so much more than this one has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_report_that_was_written_in_part_hides_none_after_it(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    first = Reports(path)
    first.add(("a", 1), report("a"))
    with full_disk(path, 20), pytest.raises(OSError):
        first.add(("b", 1), report("b", 1000))
    first.add(("c", 1), report("c"))
    first.close()
    second = Reports(path)
    assert set(second.pending) == {("a", 1), ("b", 1), ("c", 1)}
    second.close()


def test_acknowledgements_need_no_room(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    first = Reports(path)
    keys = [(f"run-{number}", 1) for number in range(200)]
    first.add_all([(key, 0, report(key[0])) for key in keys])
    with full_disk(path, 20):
        for key in keys[1:]:
            first.acknowledge(key)
    assert list(first.pending) == keys[:1]
    first.close()


class FullDisk:
    """`os.write` of a disk with so many bytes left."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.real = os.write

    def __call__(self, fd: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.real(fd, data[: self.room])
        self.room -= written
        return written


def test_what_a_full_disk_refuses_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order, and nothing torn is left in front of it."""
    path = tmp_path / "reports"
    first = Reports(path)
    first.add(("a", 1), report("a"))
    with monkeypatch.context() as full:
        full.setattr(os, "write", FullDisk(10))
        for id in "bc":
            with pytest.raises(OSError, match="No space"):
                first.add((id, 1), report(id))
        for number in range(200):  # many acknowledgements are no reason to die, either
            first.acknowledge((("a", "b")[number % 2], 1))
            with pytest.raises(OSError, match="No space"):
                first.add((f"{number}", 1), report(f"{number}"))
            first.acknowledge((f"{number}", 1))
        assert path.read_bytes() == report("a")
    first.add(("d", 1), report("d"))
    first.close()
    second = Reports(path)
    assert second.pending == {(id, 1): {0: report(id)} for id in "cd"}
    with monkeypatch.context() as full:
        full.setattr(os, "write", FullDisk(0))
        third = Reports(path)  # an agent that begins while the disk is full
        assert third.pending == second.pending
        third.close()
    second.close()


def test_logs_are_acknowledged_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    logs = Logs(tmp_path / "logs")
    for size in (2 << 20, 3):
        logs.add(b"x" * size)
        sent = logs.to_send()
        assert sent is not None
        with monkeypatch.context() as full:
            full.setattr(os, "pwrite", refused)
            logs.acknowledge(sent[0])
    logs.add(b"later")
    sent = logs.to_send()
    assert sent is not None and sent[1] == b"later"
    logs.close()


def test_what_the_agent_says_is_not_worth_its_life() -> None:
    """Its log is on the disk that is full."""
    code = "from owari.compute.agent.saying import say; say('log lines are lost'); print(1)"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", code.replace("print(1)", "")], stdout=full)
    assert done.returncode == 0
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.stdout == "log lines are lost\n1\n"


def drained(logs: Logs) -> list[tuple[int, bytes]]:
    found = []
    while (batch := logs.to_send()) is not None:
        found.append(batch)
    return found


def test_logs_are_sent_in_order_and_again_after_a_reconnect(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "logs")
    for text in (b"one", b"two", b"three"):
        logs.add(text)
    assert drained(logs) == [(1, b"one"), (2, b"two"), (3, b"three")]
    logs.acknowledge(1)
    logs.resend()
    assert drained(logs) == [(2, b"two"), (3, b"three")]
    logs.add(b"four")
    assert drained(logs) == [(4, b"four")]
    logs.close()


def test_logs_survive_and_acknowledged_ones_do_not(tmp_path: Path) -> None:
    path = tmp_path / "logs"
    first = Logs(path)
    for text in (b"one", b"two", b"three"):
        first.add(text)
    drained(first)
    first.acknowledge(2)
    first.close()
    os.truncate(path, path.stat().st_size - 1)
    second = Logs(path)
    assert drained(second) == []
    second.add(b"new")
    assert [records for _, records in drained(second)] == [b"new"]
    second.close()


def test_few_log_bytes_are_under_way_at_once(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "logs")
    for _ in range(20):
        logs.add(b"x" * (1 << 20))
    sent = drained(logs)
    assert sum(len(records) for _, records in sent) <= WINDOW_BYTES + (1 << 20)
    logs.acknowledge(sent[-1][0])
    assert drained(logs)[0][0] == sent[-1][0] + 1
    logs.close()


def test_the_log_file_is_emptied_when_all_is_acknowledged(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "logs")
    for _ in range(5):
        logs.add(b"x" * (1 << 20))
        for seq, _ in drained(logs):
            logs.acknowledge(seq)
    assert (tmp_path / "logs").stat().st_size < 3 << 20
    logs.close()


def test_frames_arrive_whole_however_they_are_cut() -> None:
    frames = [(b"{}", b""), (b'{"k":1}', b"x" * 1000), (b"[]", bytes(range(256)))]
    stream = b"".join(protocol.frame(*frame) for frame in frames)
    for size in (1, 7, 300, len(stream)):
        reader = protocol.Frames()
        found = []
        for at in range(0, len(stream), size):
            found += list(reader.feed(stream[at : at + size]))
        assert found == frames


def test_an_absurd_length_is_refused() -> None:
    with pytest.raises(protocol.ProtocolError):
        list(protocol.Frames().feed(protocol.LENGTHS.pack(1 << 31, 1 << 31)))
