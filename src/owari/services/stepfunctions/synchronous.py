"""`.sync` of an execution of ours: it tells when it ends (`sfn_watch`)."""

from __future__ import annotations

from typing import Any

from owari.effects import Call, ReplyTo
from owari.services.stepfunctions import outside
from owari.services.stepfunctions.asl.json_text import dumps, loads
from owari.services.stepfunctions.integrations import Failed
from owari.services.stepfunctions.running import Running
from owari.services.stepfunctions.waking import key_of
from owari.store.tx import Row, Tx


def watch(tx: Tx, r: Running, frame: str, token: str, child: str) -> None:
    tx.run("INSERT INTO sfn_watch (waiting, child) VALUES (?, ?)", key_of(r, frame, token), child)


def watchers(tx: Tx, child: str) -> list[Row]:
    """Those that wait for an execution; they are forgotten."""
    return tx.all("DELETE FROM sfn_watch WHERE child = ? RETURNING waiting", child)


def described(row: Row, *, plain: bool) -> Any | Failed:
    """An ended execution as `.sync` gives it; `plain`: its input and output are text."""
    read = (lambda text: text) if plain else loads
    made: dict[str, Any] = {
        "ExecutionArn": row["arn"],
        "Input": read(row["input"]),
        "InputDetails": {"Included": True},
        "Name": row["name"],
        "StartDate": int(row["started"] * 1000),
        "StateMachineArn": machine_of(row["arn"]),
        "Status": row["status"],
        "StopDate": int(row["stopped"] * 1000),
    }
    if row["output"] is not None:
        made |= {"Output": read(row["output"]), "OutputDetails": {"Included": True}}
    made |= {k.capitalize(): row[k] for k in ("error", "cause") if row[k] is not None}
    made = dict(sorted(made.items()))
    return made if row["status"] == "SUCCEEDED" else Failed("States.TaskFailed", dumps(made))


def machine_of(execution_arn: str) -> str:
    parts = execution_arn.split(":")
    return ":".join([*parts[:5], "stateMachine", parts[6].split("/")[0]])


def stop_watching(tx: Tx, r: Running, frame: str, token: str) -> None:
    """Nobody waits any more: what was started is stopped, as AWS does its best to."""
    for row in tx.all(
        "DELETE FROM sfn_watch WHERE waiting = ? RETURNING child", key_of(r, frame, token)
    ):
        tx.emit(
            Call("stepfunctions", "StopExecution", {"executionArn": row["child"]}),
            reply_to=ReplyTo("stepfunctions", "ignored", key_of(r)),
            principal=r.about.principal,
        )
    outside.give_up(tx, r, frame, token)
