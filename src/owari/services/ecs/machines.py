"""The machine that the agent works on: every cluster's one container instance.

It has a name of its own from the first time that an agent tells of it, and keeps it over the
agent's deaths. What tasks have set aside is counted here, whatever cluster they are in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.ecs.core import PROVISIONING, STOPPED
from owari.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Machine:
    """CPU units and MiB. `instance`: 32 hex digits. `registered`: epoch seconds."""

    vcpus: int
    memory: int
    instance: str
    architecture: str
    registered: float
    connected: bool

    @property
    def ec2_id(self) -> str:
        return "i-" + self.instance[:17]


def machine_of(tx: Tx) -> Machine | None:
    """None until an agent has told of it."""
    row = tx.one("SELECT * FROM ecs_machine WHERE id = 1")
    if row is None:
        return None
    return Machine(row["vcpus"], row["memory"], row["instance"], row["architecture"],
                   row["registered"], bool(row["connected"]))  # fmt: skip


def machine_seen(tx: Tx, agents: list[dict[str, Any]]) -> None:
    """No agents: it is there still, and takes nothing."""
    known = machine_of(tx)
    if not agents:
        tx.run("UPDATE ecs_machine SET connected = 0")
        return
    instance = known.instance if known and known.instance else tx.new_id().replace("-", "")
    tx.run(
        "INSERT INTO ecs_machine (id, vcpus, memory, instance, architecture, registered, connected)"
        " VALUES (1, ?, ?, ?, ?, ?, 1) ON CONFLICT (id) DO UPDATE SET vcpus = excluded.vcpus,"
        " memory = excluded.memory, instance = excluded.instance,"
        " architecture = excluded.architecture, registered = excluded.registered, connected = 1",
        max(int(a["vcpus"] * 1024) for a in agents),
        max(int(a["memory_mib"]) for a in agents),
        instance,
        _architecture(agents[0].get("architecture", "")),
        known.registered if known and known.instance else tx.now,
    )


def _architecture(told: str) -> str:
    """As ECS calls it."""
    return {"aarch64": "arm64", "": "x86_64"}.get(told, told)


def set_aside(tx: Tx) -> tuple[int, int]:
    """CPU units and MiB of all tasks that have their room."""
    used = tx.one(
        "SELECT COALESCE(SUM(vcpus), 0) AS vcpus, COALESCE(SUM(memory), 0) AS memory"
        " FROM ecs_task WHERE last NOT IN (?, ?)",
        PROVISIONING, STOPPED,
    )  # fmt: skip
    assert used is not None
    return used["vcpus"], used["memory"]
