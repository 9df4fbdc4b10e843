"""AddPermission and RemovePermission: statements of a topic's policy. Recorded, not enforced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from owari import policy_text
from owari.services.sns import rows
from owari.services.sns.core import ACTIONS, Topic, compact
from owari.services.sns.faults import invalid
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("sns", "AddPermission")
def add_permission(tx: Tx, p: Params) -> Result:
    topic = rows.topic_of(tx, p["TopicArn"])
    document, statements = _policy(topic)
    label = p["Label"]
    if any(statement.get("Sid") == label for statement in statements):
        raise invalid("Statement already exists")
    statements.append(_statement(topic, label, p["AWSAccountId"], p["ActionName"]))
    rows.update_topic(tx, replace(topic, policy=compact(document | {"Statement": statements})))
    return None


@operation("sns", "RemovePermission")
def remove_permission(tx: Tx, p: Params) -> Result:
    topic = rows.topic_of(tx, p["TopicArn"])
    document, statements = _policy(topic)
    kept = [statement for statement in statements if statement.get("Sid") != p["Label"]]
    if len(kept) == len(statements):
        raise invalid("Label Reason: can't find label")
    rows.update_topic(tx, replace(topic, policy=compact(document | {"Statement": kept})))
    return None


def _policy(topic: Topic) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return policy_text.read(topic.access_policy) or ({}, [])


def _statement(topic: Topic, label: str, accounts: list[str], actions: list[str]) -> dict[str, Any]:
    if not label:
        raise invalid("Label")
    for account in accounts:
        if not (account.isascii() and account.isdigit() and len(account) == 12):
            raise invalid("AWSAccountId")
    for action in actions:
        if action not in (*ACTIONS, "*"):
            raise invalid("Policy statement action out of service scope!")
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    named = [f"SNS:{action}" for action in actions]
    return {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
        "Action": named[0] if len(named) == 1 else named,
        "Resource": topic.arn,
    }
