"""SendMessage and SendMessageBatch."""

from __future__ import annotations

from typing import Any

from owari.services.sqs import duplicates, groups, messages, rows, sweeping
from owari.services.sqs.batch import check_batch, check_batch_size, each
from owari.services.sqs.core import Queue
from owari.services.sqs.message import (
    bytes_of,
    check_message,
    delay_s,
    order_of,
    sender_of,
    sequence_number,
)
from owari.services.sqs.message_attributes import md5_of
from owari.services.sqs.messages import Sent
from owari.services.sqs.text import md5_of_text
from owari.store.tx import Tx
from owari.tracing import parse
from owari.wire.operation import Params, Result, operation


@operation("sqs", "SendMessage")
def send_message(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    answer = _send(tx, queue, p)
    _sent(tx, queue)
    return answer


@operation("sqs", "SendMessageBatch")
def send_message_batch(tx: Tx, p: Params) -> Result:
    queue = rows.open_queue(tx, p["QueueUrl"])
    check_batch(p["Entries"], "SendMessageBatchRequestEntry")
    check_batch_size(sum(bytes_of(entry) for entry in p["Entries"]))
    answer = each(p["Entries"], lambda entry: _send(tx, queue, entry))
    if answer["Successful"]:
        _sent(tx, queue)
    return answer


def _sent(tx: Tx, queue: Queue) -> None:
    sweeping.ensure(tx, queue)
    tx.notify(queue.channel)


def _send(tx: Tx, queue: Queue, entry: Params) -> dict[str, Any]:
    """Checks everything before it writes anything."""
    check_message(entry, queue)
    order = order_of(entry, queue)
    delay = delay_s(entry, queue)
    known = duplicates.known(tx, queue, order) if queue.fifo else None
    if known is not None:
        return _answer(queue, entry, known["message_id"], known["seq"])
    sent = Sent(
        seq=tx.next_seq(),
        visible_at=tx.now + delay,
        sent=tx.now,
        id=tx.new_id(),
        sender=sender_of(tx.principal, tx.account),
        group=order.group,
        deduplication=order.deduplication,
        trace=_trace(tx, entry),
        attributes=entry.get("MessageAttributes"),
        body=entry["MessageBody"],
    )
    messages.insert(tx, queue, sent)
    if queue.fifo:
        assert order.group is not None
        groups.joined(tx, queue, order.group, sent.visible_at, sent.seq)
        duplicates.remember(tx, queue, order, sent.id, sent.seq)
    return _answer(queue, entry, sent.id, sent.seq)


def _trace(tx: Tx, entry: Params) -> str | None:
    """The sender's own, else that of what had the message sent: a function, a topic, a bucket."""
    header = (entry.get("MessageSystemAttributes") or {}).get("AWSTraceHeader")
    if header:
        return str(header["StringValue"])
    return tx.trace if parse(tx.trace_id).parent else None


def _answer(queue: Queue, entry: Params, message_id: str, seq: int) -> dict[str, Any]:
    answer = {"MessageId": message_id, "MD5OfMessageBody": md5_of_text(entry["MessageBody"])}
    if entry.get("MessageAttributes"):
        answer["MD5OfMessageAttributes"] = md5_of(entry["MessageAttributes"])
    if entry.get("MessageSystemAttributes"):
        answer["MD5OfMessageSystemAttributes"] = md5_of(entry["MessageSystemAttributes"])
    if queue.fifo:
        answer["SequenceNumber"] = sequence_number(seq)
    return answer
