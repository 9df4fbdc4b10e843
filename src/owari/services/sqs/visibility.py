"""ChangeMessageVisibility and its batch."""

from __future__ import annotations

from owari.errors import ServiceError
from owari.services.sqs import groups, messages, rows
from owari.services.sqs.batch import check_batch, each
from owari.services.sqs.core import Queue
from owari.services.sqs.faults import invalid_value, missing
from owari.services.sqs.receipts import receipt_of
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

TIMEOUT_MAX_S = 43_200


def check_timeout(timeout_s: int) -> None:
    if not 0 <= timeout_s <= TIMEOUT_MAX_S:
        reason = f"VisibilityTimeout must be an integer between 0 and {TIMEOUT_MAX_S}"
        raise invalid_value(timeout_s, "VisibilityTimeout", reason)


@operation("sqs", "ChangeMessageVisibility")
def change_message_visibility(tx: Tx, p: Params) -> Result:
    _change(tx, rows.open_queue(tx, p["QueueUrl"]), p)
    return {}


@operation("sqs", "ChangeMessageVisibilityBatch")
def change_message_visibility_batch(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    check_batch(p["Entries"], "ChangeMessageVisibilityBatchRequestEntry")
    return each(p["Entries"], lambda entry: _change(tx, queue, entry))


def _change(tx: Tx, queue: Queue, entry: Params) -> dict[str, str]:
    timeout_s = entry.get("VisibilityTimeout")
    if timeout_s is None:
        raise missing("VisibilityTimeout")
    check_timeout(timeout_s)
    handle = entry["ReceiptHandle"]
    receipt = receipt_of(handle, queue.number)
    row = messages.find(tx, queue, receipt.seq)
    if row is None or row["receives"] != receipt.receives:
        reason = "Message does not exist or is not available for visibility timeout change."
        raise invalid_value(handle, "ReceiptHandle", reason)
    if row["visible_at"] <= tx.now:
        message = "The specified message isn't in flight."
        raise ServiceError("MessageNotInflight", message, status=400)
    if int(tx.now - row["received"]) + timeout_s > TIMEOUT_MAX_S:
        reason = (
            f"Total VisibilityTimeout for the message is beyond the limit [{TIMEOUT_MAX_S} seconds]"
        )
        raise invalid_value(timeout_s, "VisibilityTimeout", reason)
    messages.set_visible(tx, queue, receipt.seq, tx.now + timeout_s)
    if queue.fifo:
        groups.settle(tx, queue, row["group_id"])
    tx.notify(queue.channel)  # whoever waits may have to be woken sooner
    return {}
