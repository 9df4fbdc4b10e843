"""Dead letters: the event as it was, with why it could not be delivered. Pure.

Source: EventBridge user guide, "Using dead-letter queues to process undelivered events".
"""

from __future__ import annotations

from typing import Any

from owari.message_text import made_valid
from owari.services.events.failures import Failure

MESSAGE_MAX_BYTES = 1024


def letter(
    rule: str, target: str, text: str, failure: Failure, retries: int, exhausted: str | None
) -> dict[str, Any]:
    """The parameters of SendMessage. `exhausted` is the limit that ended the retries."""
    attributes = {
        "RULE_ARN": rule,
        "TARGET_ARN": target,
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": made_valid(failure.message, MESSAGE_MAX_BYTES) or failure.code,
    }
    if exhausted is not None:
        attributes |= {"EXHAUSTED_RETRY_CONDITION": exhausted, "RETRY_ATTEMPTS": str(retries)}
    return {
        "MessageBody": text,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
