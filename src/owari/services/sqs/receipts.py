"""Receipt handles: which message, received for which time. Opaque to callers. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from owari.services.sqs.faults import bad_handle


class Receipt(NamedTuple):
    """`queue` is the queue's number, `seq` the message's place, `receives` how often it had been
    received in this queue, this time included."""

    queue: int
    seq: int
    receives: int
    message_id: str


def handle_of(receipt: Receipt) -> str:
    text = f"{receipt.queue} {receipt.seq} {receipt.receives} {receipt.message_id}"
    return base64.b64encode(text.encode()).decode()


def receipt_of(handle: str, queue: int) -> Receipt:
    """Raises unless it is a handle this queue gave."""
    try:
        parts = base64.b64decode(handle, validate=True).decode("ascii").split(" ")
        number, seq, receives, message_id = parts
        receipt = Receipt(int(number), int(seq), int(receives), message_id)
    except (ValueError, binascii.Error):
        raise bad_handle(handle) from None
    if receipt.queue != queue or handle_of(receipt) != handle or receipt.seq >= 1 << 62:
        raise bad_handle(handle)
    return receipt
