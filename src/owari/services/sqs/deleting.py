"""DeleteMessage and its batch."""

from __future__ import annotations

from owari.services.sqs import groups, messages, rows
from owari.services.sqs.batch import check_batch, each
from owari.services.sqs.core import Queue
from owari.services.sqs.faults import invalid_value
from owari.services.sqs.receipts import Receipt, receipt_of
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation


@operation("sqs", "DeleteMessage")
def delete_message(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    receipt = receipt_of(p["ReceiptHandle"], queue.number)
    if queue.fifo:
        _delete_of_group(tx, queue, receipt, p["ReceiptHandle"])
    else:
        messages.delete_received(tx, queue, [receipt])
    return {}


@operation("sqs", "DeleteMessageBatch")
def delete_message_batch(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    check_batch(p["Entries"], "DeleteMessageBatchRequestEntry")
    receipts: list[Receipt] = []

    def one(entry: Params) -> dict[str, str]:
        receipt = receipt_of(entry["ReceiptHandle"], queue.number)
        if queue.fifo:
            _delete_of_group(tx, queue, receipt, entry["ReceiptHandle"])
        else:
            receipts.append(receipt)
        return {}

    answer = each(p["Entries"], one)
    messages.delete_received(tx, queue, receipts)
    return answer


def _delete_of_group(tx: Tx, queue: Queue, receipt: Receipt, handle: str) -> None:
    """Deleting what is gone succeeds."""
    row = messages.find(tx, queue, receipt.seq)
    if row is None:
        return
    if row["receives"] != receipt.receives or row["visible_at"] <= tx.now:
        # Another consumer has it or may get it: a FIFO queue says so.
        raise invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.")
    messages.delete(tx, queue, receipt.seq)
    if groups.settle(tx, queue, row["group_id"]):
        tx.notify(queue.channel)
