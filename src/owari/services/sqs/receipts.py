"""Receipt handles: which message, received for which time. Opaque to callers. Pure."""

from __future__ import annotations

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
    return binascii.b2a_base64(_text(receipt).encode(), newline=False).decode()


def _text(receipt: Receipt) -> str:
    return f"{receipt.queue} {receipt.seq} {receipt.receives} {receipt.message_id}"


def receipt_of(handle: str, queue: int) -> Receipt:
    """Raises unless it is a handle this queue gave."""
    try:
        text = binascii.a2b_base64(handle, strict_mode=True).decode("ascii")
        number, seq, receives, message_id = text.split(" ")
        receipt = Receipt(int(number), int(seq), int(receives), message_id)
    except ValueError:  # binascii.Error is one
        raise bad_handle(handle) from None
    if receipt.queue != queue or _text(receipt) != text or not _is_ours(receipt):
        raise bad_handle(handle)
    return receipt


def _is_ours(receipt: Receipt) -> bool:
    """As far as numbers go."""
    return 0 <= receipt.seq < 1 << 62 and 0 < receipt.receives < 1 << 62
