"""Starting executions: of a machine, of one of its versions, of a map run's child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from owari.services.stepfunctions.advance import save, tell
from owari.services.stepfunctions.asl.frames import Execution, Live
from owari.services.stepfunctions.asl.reports import Started
from owari.services.stepfunctions.core import MachineRef, machine_arn
from owari.services.stepfunctions.definitions import compiled
from owari.services.stepfunctions.machines import StateMachine
from owari.services.stepfunctions.running import About, Running
from owari.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a caller asked for, checked."""

    machine: StateMachine
    ref: MachineRef
    name: str
    arn: str
    text: str
    trace_header: str | None = None
    request: str | None = None


def start(tx: Tx, b: Beginning) -> Running:
    """Goes as far as it can in this transaction."""
    m = b.machine
    about = About(
        id=tx.next_seq(),
        machine=m.name,
        express=m.express,
        definition=m.definition,
        part="",
        settings=m.settings,
        principal=role_session(tx, m.role_arn, b.name),
        request=b.request,
        trace=tx.trace,
    )
    execution = Execution(
        arn=b.arn,
        name=b.name,
        machine_arn=machine_arn(tx.region, tx.account, m.name),
        machine_name=m.name,
        role_arn=m.role_arn,
        input=b.text,
        started_ms=int(tx.now * 1000),
        redrive_count=None if m.express else 0,
    )
    r = Running(about, Live(execution), compiled(tx, m.definition))
    tell(tx, r, Started())
    save(tx, r, _fixed(b))
    tx.is_traced = True
    return r


def _fixed(b: Beginning) -> dict[str, Any]:
    qualifier = b.ref.qualifier
    return {
        "qualifier": qualifier,
        "version": b.machine.number,
        "revision": b.machine.revision,
        "updated": b.machine.updated,
        "trace_header": b.trace_header,
    }


def role_session(tx: Tx, role_arn: str, name: str) -> str:
    """Whom its tasks act as."""
    role = role_arn.rpartition("/")[2] or "states"
    return f"arn:aws:sts::{tx.account}:assumed-role/{role}/{name[:64]}"
