"""DeleteMessage and its batch."""

from __future__ import annotations

from owari.services.sqs import groups, messages, rows
from owari.services.sqs.batch import check_batch, each
from owari.services.sqs.core import Queue
from owari.services.sqs.faults import invalid_value
from owari.services.sqs.receipts import receipt_of
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("sqs", "DeleteMessage")
def delete_message(tx: Tx, p: Params) -> Result:
    _delete(tx, rows.open_queue(tx, p["QueueUrl"]), p)
    return {}


@operation("sqs", "DeleteMessageBatch")
def delete_message_batch(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    check_batch(p["Entries"], "DeleteMessageBatchRequestEntry")
    return each(p["Entries"], lambda entry: _delete(tx, queue, entry))


def _delete(tx: Tx, queue: Queue, entry: Params) -> dict[str, str]:
    """Deleting what is gone succeeds; so does an old receipt's, and the message stays."""
    handle = entry["ReceiptHandle"]
    receipt = receipt_of(handle, queue.number)
    if not queue.fifo:
        messages.delete_received(tx, queue, receipt.seq, receipt.receives)
        return {}
    row = messages.find(tx, queue, receipt.seq)
    if row is None:
        return {}
    if row["receives"] != receipt.receives or row["visible_at"] <= tx.now:
        # Another consumer has it or may get it: a FIFO queue says so.
        raise invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.")
    messages.delete(tx, queue, receipt.seq)
    if groups.settle(tx, queue, row["group_id"]):
        tx.notify(queue.channel)
    return {}
