"""Publishing what a machine is now as a version."""

from __future__ import annotations

from owari.services.stepfunctions import machines
from owari.services.stepfunctions.faults import conflict, validation
from owari.services.stepfunctions.machines import StateMachine
from owari.store.tx import Tx
from owari.wire.operation import Params

INITIAL = "INITIAL"


def publishing(p: Params) -> None:
    """Raises ValidationException for a version's description without a version."""
    if p.get("versionDescription") and not p.get("publish"):
        raise validation("Version description can only be set when publish is true")


def publish(
    tx: Tx, m: StateMachine, description: str | None, revision: str | None = None
) -> tuple[int, float]:
    """The version's number and time. Idempotent: the same revision is not published twice.

    Raises ConflictException when the machine is not at `revision` any more.
    """
    current = m.revision or INITIAL
    if revision is not None and revision != current:
        raise conflict(
            f"Failed to publish the State Machine version for revision {revision}."
            f" The current State Machine revision is {current}."
        )
    last = machines.latest_version(tx, m.name)
    if last is not None and last["revision"] == m.revision:
        return last["number"], last["created"]
    return machines.add_version(tx, m, description), tx.now
