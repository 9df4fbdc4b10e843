"""Room on the disk: what nobody refers to goes, sooner when the disk fills up."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from owari import sweep
from owari.host import SYSTEM
from owari.kernel import Work
from owari.store.blobs import GRACE_S, HURRIED_GRACE_S, BlobStore
from owari.store.tx import Tx
from tests.support.world import World

GIB = 1024**3


class Disk:
    """Says what a disk of `total` bytes says of which `free` are left."""

    f_frsize = 1

    def __init__(self, total: int, free: int) -> None:
        self.f_blocks = total
        self.f_bavail = free


@pytest.mark.parametrize(
    ("total", "free", "room"),
    [(1000 * GIB, GIB, GIB - 100), (400, 100, 50), (400, 10, -40)],
)
def test_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, free: int, room: int
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: Disk(total, free))
    assert BlobStore(tmp_path).room(100) == room


def test_a_fuller_disk_is_swept_sooner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = BlobStore(tmp_path)
    for free, grace in ((10 * GIB, GRACE_S), (GIB, HURRIED_GRACE_S)):
        monkeypatch.setattr(os, "statvfs", lambda _path, free=free: Disk(1000 * GIB, free))
        assert sweep.grace_s(blobs, 1024) == grace


def test_all_that_was_dropped_goes_however_much(world: World) -> None:
    blobs = world.kernel.blobs
    names = [blobs.put(bytes([n % 256, n // 256])) for n in range(2 * sweep.BATCH + 1)]

    def drop(tx: Tx) -> None:
        for name in names:
            blobs.keep(tx.connection, name, tx.now)
            blobs.drop(tx.connection, name, tx.now)

    world.kernel.submit(Work(SYSTEM, drop, lambda *_: None))
    world.settle()

    def again() -> None:
        world.kernel.submit(sweep.unused(blobs, SYSTEM, GRACE_S, again))

    again()
    world.settle()
    assert all(blobs.path(name).exists() for name in names)
    world.advance(GRACE_S + 1)
    again()
    world.settle()
    assert not any(blobs.path(name).exists() for name in names)


def test_only_old_files_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = BlobStore(tmp_path)
    half = blobs.new()
    half.write_bytes(b"half")
    name = blobs.put(b"whole")
    assert list(sweep.old_files(blobs, 0)) == []  # a body may still be on its way
    assert half.exists()
    later = time.time() + sweep.IN_FLIGHT_S + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert list(sweep.old_files(blobs, GRACE_S)) == []
    assert list(sweep.old_files(blobs, 0)) == [[name]]
    assert not half.exists()
