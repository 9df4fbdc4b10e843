"""Events leave: the effects that one change of an object causes."""

from __future__ import annotations

from owari.arn import queue_url
from owari.effects import Call
from owari.services.s3 import events, rules
from owari.services.s3.core import Bucket, Version
from owari.services.s3.rules import Rule
from owari.store import bus
from owari.store.encode import dumps
from owari.store.tx import Tx
from owari.wire.operation import REGISTRY

PRINCIPAL = "s3.amazonaws.com"
SUBJECT = "Amazon S3 Notification"


def knows(service: str, operation: str) -> bool:
    return (service, operation) in REGISTRY.operations


def stored(tx: Tx, bucket: Bucket, name: str, version: Version) -> None:
    """An object was created, or its tags or ACL changed (then without a size)."""
    if bucket.notification is None:
        return
    created = name.startswith("ObjectCreated:")
    event = events.Event(
        name=name,
        key=version.key,
        seq=version.seq if created else tx.next_seq(),
        time=tx.now,
        principal=tx.principal,
        request_id=tx.request_id,
        size=version.content.size if created else None,
        etag=version.content.etag,
        version=version.id if bucket.versioning else None,
    )
    _send(tx, bucket, event)


def removed(tx: Tx, bucket: Bucket, name: str, key: str, version: str | None) -> None:
    """`name` ends in Delete or DeleteMarkerCreated."""
    if bucket.notification is None:
        return
    event = events.Event(
        name=name,
        key=key,
        seq=tx.next_seq(),
        time=tx.now,
        principal=tx.principal,
        request_id=tx.request_id,
        etag=events.EMPTY_MD5 if name.endswith("DeleteMarkerCreated") else None,
        version=version if bucket.versioning else None,
    )
    _send(tx, bucket, event)


def _send(tx: Tx, bucket: Bucket, event: events.Event) -> None:
    configuration = bucket.notification or {}
    for rule in rules.rules_of(configuration):
        if rule.matches(event.name, event.key):
            body = dumps({"Records": [events.record(event, bucket, rule.id)]})
            deliver(tx, bucket, rule, body)
    if "EventBridgeConfiguration" in configuration:
        _put_event(tx, bucket, event)


def deliver(tx: Tx, bucket: Bucket, rule: Rule, body: str) -> None:
    match rule.service:
        case "lambda":
            call = Call(
                "lambda",
                "Invoke",
                {
                    "FunctionName": rule.target,
                    "InvocationType": "Event",
                    "Payload": body.encode(),
                },
            )
        case "sns":
            params = {"TopicArn": rule.target, "Message": body, "Subject": SUBJECT}
            call = Call("sns", "Publish", params)
        case _:
            params = {"QueueUrl": queue_url(tx.endpoint, rule.target), "MessageBody": body}
            call = Call("sqs", "SendMessage", params)
    _emit(tx, bucket, call)


def _put_event(tx: Tx, bucket: Bucket, event: events.Event) -> None:
    detail_type, detail = events.detail(event, bucket)
    bus.announce(
        tx,
        "aws.s3",
        detail_type,
        lambda: detail,
        resources=[bucket.arn],
        account=bucket.account,
        region=bucket.region,
        time=event.time,
    )


def _emit(tx: Tx, bucket: Bucket, call: Call) -> None:
    tx.emit(call, account=bucket.account, region=bucket.region, principal=PRINCIPAL)
