"""PutBucketNotificationConfiguration and its counterpart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from owari.errors import ServiceError
from owari.services.s3 import announce, errors, events, rules, settings
from owari.services.s3.core import Bucket
from owari.services.s3.rows import open_bucket
from owari.services.s3.rules import KINDS, Rule
from owari.store.encode import dumps
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

# How the existence of a target is asked: operation and its parameters.
_CHECKS: dict[str, tuple[str, Callable[[str], Params]]] = {
    "lambda": ("GetFunction", lambda arn: {"FunctionName": arn}),
    "sns": ("GetTopicAttributes", lambda arn: {"TopicArn": arn}),
    "sqs": ("GetQueueUrl", lambda arn: _queue_of(arn)),
}


def _queue_of(arn: str) -> dict[str, str]:
    *_rest, account, name = arn.split(":")
    return {"QueueName": name, "QueueOwnerAWSAccountId": account}


@operation("s3", "PutBucketNotificationConfiguration")
def put_notification(tx: Tx, p: Params) -> Result:
    """An empty configuration switches notifications off."""
    bucket = open_bucket(tx, p)
    configuration = rules.normalised(p["NotificationConfiguration"] or {}, tx.new_id)
    if not configuration:
        settings.forget(tx, bucket.name, "notification")
        return {}
    chosen = list(rules.rules_of(configuration))
    for rule in chosen:
        _check_region(bucket, rule)
    if not p.get("SkipDestinationValidation"):
        _check_targets(tx, chosen)
    settings.record(tx, bucket.name, "notification", configuration)
    _send_test_events(tx, bucket, chosen)
    return {}


def _check_region(bucket: Bucket, rule: Rule) -> None:
    if rule.target.split(":")[3] != bucket.region:
        raise errors.invalid_argument(
            "The notification destination service region is not valid for the bucket location"
            " constraint",
            KINDS[rule.kind][0],
            rule.target,
        )


def _check_targets(tx: Tx, chosen: list[Rule]) -> None:
    problems = []
    for rule in {rule.target: rule for rule in chosen}.values():
        name, parameters = _CHECKS[rule.service]
        if rule.target.endswith(".fifo"):
            what = f"FIFO {KINDS[rule.kind][2]}s are not supported"
            problems.append((rule.target, what))
            continue
        if not announce.knows(rule.service, name):
            continue
        try:
            tx.call(rule.service, name, parameters(rule.target))
        except ServiceError:
            what = KINDS[rule.kind][2]
            problems.append((rule.target, f"The destination {what} does not exist"))
    if problems:
        raise rules.unreachable(problems)


def _send_test_events(tx: Tx, bucket: Bucket, chosen: list[Rule]) -> None:
    """Topics and queues get one, functions do not."""
    body = dumps(events.test_event(bucket, tx.now, tx.request_id))
    for rule in {rule.target: rule for rule in chosen}.values():
        if rule.service != "lambda":
            announce.deliver(tx, bucket, rule, body)


@operation("s3", "GetBucketNotificationConfiguration", reads=True)
def get_notification(tx: Tx, p: Params) -> Result:
    configuration: dict[str, Any] = open_bucket(tx, p).notification or {}
    return configuration
