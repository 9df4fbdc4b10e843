"""A slot that is ended from outside, and who has it afterwards."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from owari.compute.agent.loop import Loop
from owari.compute.agent.spawner import Keeper


class Owner:
    def __init__(self) -> None:
        self.ended: list[Keeper] = []

    def on_frame(self, keeper: Keeper, kind: int, number: int, body: bytes) -> None:
        raise AssertionError("nothing is said here")

    def on_shortage(self, keeper: Keeper) -> None:
        raise AssertionError("nothing is short here")

    def on_keeper_end(self, keeper: Keeper) -> None:
        self.ended.append(keeper)


@contextmanager
def sleeping() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            yield process
        finally:
            process.kill()


def run_for(loop: Loop, seconds: float) -> None:
    loop.running = True
    loop.call_later(seconds, lambda: setattr(loop, "running", False))
    loop.run()


def test_the_next_in_a_slot_is_not_ended_with_the_one_before(tmp_path: Path) -> None:
    """A folder is the slot's group; who is listed there is who is in it."""
    loop, owner = Loop(), Owner()
    ours, theirs = socket.socketpair()
    listed = tmp_path / "cgroup.procs"
    with sleeping() as first, sleeping() as second:
        listed.write_text(f"{first.pid}\n")
        keeper = Keeper(loop, 1, None, ours, owner, [str(tmp_path)])
        keeper.end()  # looks again soon, for the first may fork on
        assert first.wait() == -9
        theirs.close()  # the keeper's end is told: whoever owns it empties the slot himself
        run_for(loop, 0.001)
        assert owner.ended == [keeper]
        listed.write_text(f"{second.pid}\n")
        run_for(loop, 0.1)
        assert second.poll() is None
