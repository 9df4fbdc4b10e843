"""Waiting for the end of what another service runs: a Batch job, ECS tasks. Nobody polls.

A service that runs such things declares a reaction `(service, "watch")`. It is told what is meant,
as parameters of its own Describe operation, and answers once, with what that operation shows, when
all of it has ended: at once if it has, or if there is no such thing. Who asked is told through a
reaction of its own; nobody need be told that an answer is wanted no more, it then finds nobody.
"""

from __future__ import annotations

from typing import Any

from owari.effects import ReplyTo, Report, Wake
from owari.store.tx import Tx

WATCH = "watch"


def watch(
    tx: Tx, service: str, params: dict[str, Any], reply: ReplyTo, *, account: str | None = None
) -> None:
    """Have `reply` told when what `params` name has ended, in the account that runs it."""
    data = {"params": params, "reply": [reply.service, reply.topic, reply.key]}
    tx.emit(Wake(data), reply_to=ReplyTo(service, WATCH, ""), account=account)


def asked(report: Report) -> tuple[dict[str, Any], ReplyTo]:
    """In the reaction `watch`: what is meant, and who is to be told."""
    assert report.result is not None
    return report.result["params"], ReplyTo(*report.result["reply"])


def answer(
    tx: Tx,
    reply: ReplyTo,
    shown: dict[str, Any],
    *,
    account: str | None = None,
    region: str | None = None,
) -> None:
    """`shown`: the result of the Describe operation. The reaction has it as its result."""
    tx.emit(Wake(shown), reply_to=reply, account=account, region=region)
