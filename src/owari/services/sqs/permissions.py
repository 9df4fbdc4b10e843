"""AddPermission and RemovePermission: statements of a queue's policy. Recorded, not enforced."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from owari import policy_text
from owari.services.sqs import rows
from owari.services.sqs.core import Queue
from owari.services.sqs.faults import invalid_value, missing, over_limit
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

ACTIONS = (
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
)
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACTIONS_MAX = 7
_STATEMENTS_MAX = 20


@operation("sqs", "AddPermission")
def add_permission(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    document, statements = _policy(queue)
    if not _LABEL.fullmatch(p["Label"]):
        reason = "Only alphanumeric characters, hyphens and underscores, 1 to 80 in length."
        raise invalid_value(p["Label"], "Label", reason)
    for name in ("AWSAccountIds", "Actions"):
        if not p[name]:
            raise missing(name)
    if any(statement.get("Sid") == p["Label"] for statement in statements):
        raise invalid_value(p["Label"], "Label", "Already exists.")
    statements.append(_statement(queue, p["Label"], p["AWSAccountIds"], p["Actions"]))
    if len(statements) > _STATEMENTS_MAX:
        raise over_limit(f"A policy has at most {_STATEMENTS_MAX} statements.")
    _keep(tx, queue, document | {"Statement": statements})
    return {}


@operation("sqs", "RemovePermission")
def remove_permission(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    document, statements = _policy(queue)
    kept = [statement for statement in statements if statement.get("Sid") != p["Label"]]
    if len(kept) == len(statements):
        raise invalid_value(p["Label"], "Label", "can't find label.")
    _keep(tx, queue, document | {"Statement": kept} if kept else None)
    return {}


def _keep(tx: Tx, queue: Queue, document: dict[str, Any] | None) -> None:
    attributes = {n: v for n, v in queue.attributes.items() if n != "Policy"}
    if document is not None:
        attributes["Policy"] = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    rows.update_queue(tx, replace(queue, attributes=attributes, modified=tx.now))


def _policy(queue: Queue) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    text = queue.attributes.get("Policy")
    if text is None:
        new = {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy"}
        return new, []
    return policy_text.read(text) or ({}, [])


def _statement(queue: Queue, label: str, accounts: list[str], actions: list[str]) -> dict[str, Any]:
    if len(actions) > _ACTIONS_MAX:
        raise over_limit(f"{len(actions)} Actions were found, maximum allowed is {_ACTIONS_MAX}.")
    for action in actions:
        if action not in ACTIONS:
            reason = "Only the queue owner is allowed to invoke this action."
            raise invalid_value(f"SQS:{action}", "ActionName", reason)
    for account in accounts:
        if not (account.isascii() and account.isdigit() and len(account) == 12):
            raise invalid_value(account, "PrincipalId", "Unable to verify.")
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    named = [f"SQS:{action}" for action in actions]
    return {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
        "Action": named[0] if len(named) == 1 else named,
        "Resource": queue.arn,
    }
