"""Where the agent's process runs meet the server: frames in, reports and starts out.

A run ends in three steps of the same turn: its last log lines and its report go to the journal
(one write for all that ended), then both go to the server, the log lines first: who hears of the
end finds the log.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from owari.compute.agent import gpus, journal, protocol
from owari.compute.agent.file_systems import FileSystems
from owari.compute.agent.image_lookup import Images
from owari.compute.agent.interpreters import Interpreter
from owari.compute.agent.ledger import Capacity
from owari.compute.agent.lines import Shipper
from owari.compute.agent.link import Link
from owari.compute.agent.loop import Loop
from owari.compute.agent.processes import Processes, Run
from owari.compute.agent.saying import say
from owari.compute.agent.spawner import Spawner
from owari.compute.agent.together import Together, item_of
from owari.compute.agent.volumes import Volumes
from owari.compute.images import Mapping
from owari.compute.isolation import Tier

Key = tuple[str, int]

FUNCTIONS_MIB = 2_048  # of the machine's memory jobs leave to functions, so both go on


def capacity(memory_mib: int, gpus_wish: int | None) -> Capacity:
    """What jobs may take. `memory_mib`: what the agent may give away at all."""
    found = gpus.find() if gpus_wish is None else tuple(range(gpus_wish))
    kept = min(FUNCTIONS_MIB, memory_mib // 4)
    return Capacity(float(len(os.sched_getaffinity(0))), memory_mib - kept, found)


class Desk:
    """The process runs of an agent. `link()` is the server's connection, if there is one."""

    def __init__(
        self,
        loop: Loop,
        folder: Path,
        tier: Tier,
        mark: str,
        *,
        found: dict[int, Interpreter],
        file_systems: FileSystems,
        shipper: Shipper,
        reports: journal.Reports,
        capacity: Capacity,
        free_mib: Callable[[], int],
        link: Callable[[], Link | None],
    ) -> None:
        self.reports = reports
        self.shipper = shipper
        self.link = link
        self._ended: dict[Key, bytes] = {}  # of this turn, not journaled yet
        self._together: dict[Key, Together] = {}  # runs with items
        self._pieces: set[Together] = set()  # those of which something ended this turn
        self.volumes = Volumes(folder / "volumes", file_systems)
        images = Images(loop, folder, Mapping(folder.parent / "images.json"), found)
        reveal = [str(images.folder), sys.base_prefix]
        images.folder.mkdir(exist_ok=True)
        self.processes = Processes(
            loop,
            Spawner(loop, folder, tier, mark, reveal=reveal),
            images,
            shipper,
            capacity,
            free_mib=free_mib,
            on_report=self._reported,
        )

    @property
    def keys(self) -> set[Key]:
        alone = {key for key in self.processes.durable() if item_of(key) is None}
        return alone | set(self._ended) | set(self._together)

    def knows(self, key: Key) -> bool:
        return key in self.processes.by_key or key in self._ended or key in self._together

    def begin(self, link: Link, header: dict[str, Any], payload: bytes) -> None:
        """A `process` frame of a run that is not known yet."""
        key = (header["run_id"], header["attempt"])
        try:
            self.volumes.resolve(header)
        except OSError as error:
            say(f"no folder for a volume: {error}")
        if "items" not in header:
            self.processes.run(header["call"], link, key, header)
            return
        whole = self._together[key] = Together(header)
        for item, spec in whole.runs():
            self.processes.run(header["call"], link, item, spec)

    def cancel(self, run_id: str, reason: str) -> None:
        for (id, _), whole in list(self._together.items()):
            if id == run_id:
                for (item, _), _spec in whole.runs():
                    self.processes.cancel(item, reason)
        self.processes.cancel(run_id, reason)

    def retire(self) -> None:
        """What nobody has needed for a while."""
        self.processes.retire()
        self.processes.end_overdue()
        self.volumes.retire([run.spec for run in self.processes.runs.values()])

    def describe(self) -> dict[str, Any]:
        """For the `status` frame."""
        processes = self.processes
        ledger = processes.ledger
        return {
            "running": ledger.taken,
            "waiting": len(processes.waiting),
            "vcpus": ledger.vcpus,
            "memory_mib": ledger.memory_mib,
            "keepers": len(processes.keepers),
            "spawner": processes.spawner.pid,
        }

    def describe_capacity(self, instance: str) -> dict[str, Any]:
        """For the `welcome` frame."""
        room = self.processes.ledger.capacity
        return {
            "instance": instance,
            "vcpus": room.vcpus,
            "memory_mib": room.memory_mib,
            "gpus": len(room.gpus),
            "architecture": platform.machine(),
        }

    def greet(self, link: Link) -> None:
        """A new server hears what is running."""
        running = [
            [*run.key, run.started]
            for run in self.processes.runs.values()
            if run.call == protocol.DURABLE and run.started is not None
        ]
        if running:
            link.send({"k": "started", "runs": running})

    # ---- reports
    def _reported(self, run: Run, report: dict[str, Any]) -> None:
        item = item_of(run.key)
        if item is not None:
            whole = self._together[item[0]]
            whole.add(item[1], report)
            self._pieces.add(whole)
            return
        own = {"call": run.call, "tail": 0, "run_id": run.key[0], "attempt": run.key[1]}
        frame = protocol.message({"k": "report"} | own | report)
        if run.call == protocol.DURABLE:
            self._ended[run.key] = frame
        elif run.link is self.link():
            run.link.send_frame(frame)

    def journal(self) -> bytes:
        """What ended this turn, logs first; returns the frames that tell of it."""
        if not self._ended and not self._pieces:
            return b""
        self.shipper.flush()
        ended = self._take_ended()
        try:
            self.reports.add_all(ended)
        except OSError as error:
            say(f"reports are kept in memory only: {error}")
        return b"".join([frame for _, _, frame in ended])

    def tell_started(self, link: Link | None) -> None:
        """A server that comes later is told of what runs then (`greet`)."""
        started = self.processes.take_started()
        if started and link is not None:
            link.send({"k": "started", "runs": started})

    def _take_ended(self) -> list[tuple[Key, int, bytes]]:
        """(key, piece, frame) of all that ended this turn."""
        ended = [(key, 0, frame) for key, frame in self._ended.items()]
        self._ended.clear()
        for whole in self._pieces:
            ended.append((whole.key, *whole.take_piece()))
            if not whole.unended:
                del self._together[whole.key]
        self._pieces.clear()
        return ended
