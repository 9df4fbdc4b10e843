"""Tags of queues."""

from __future__ import annotations

from collections.abc import Mapping

from owari.services.sqs import rows
from owari.services.sqs.faults import invalid
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

TAGS_MAX = 50
_KEY_MAX, _VALUE_MAX = 128, 256


def check_tags(tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        if not 1 <= len(key) <= _KEY_MAX or key.lower().startswith("aws:"):
            raise invalid(f"Tag keys must be 1 to {_KEY_MAX} long and must not start with aws:")
        if len(value) > _VALUE_MAX:
            raise invalid(f"Tag values must be at most {_VALUE_MAX} long.")
    if len(tags) > TAGS_MAX:
        raise invalid(f"Too many tags added for queue: at most {TAGS_MAX}.")


@operation("sqs", "TagQueue")
def tag_queue(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    resources = rows.resources_of(tx, queue.key)
    check_tags(resources.tags(queue.arn) | p["Tags"])
    resources.tag(queue.arn, p["Tags"])
    return {}


@operation("sqs", "UntagQueue")
def untag_queue(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    rows.resources_of(tx, queue.key).untag(queue.arn, p["TagKeys"])
    return {}


@operation("sqs", "ListQueueTags", reads=True)
def list_queue_tags(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    tags = rows.resources_of(tx, queue.key).tags(queue.arn)
    return {"Tags": tags} if tags else {}
