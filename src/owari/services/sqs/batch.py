"""What is wrong with a batch as a whole. Pure. Source: SQS API Reference, SendMessageBatch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from owari.errors import ServiceError

ENTRIES_MAX = 10
BYTES_MAX = 1_048_576
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def _wrong(code: str, message: str) -> ServiceError:
    return ServiceError(code, message, status=400)


def check_batch(entries: Sequence[dict[str, Any]], kind: str) -> None:
    """`kind` is the entries' name in the API, as `SendMessageBatchRequestEntry`."""
    if not entries:
        raise _wrong("EmptyBatchRequest", f"There should be at least one {kind} in the request.")
    if len(entries) > ENTRIES_MAX:
        raise _wrong(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {ENTRIES_MAX}."
            f" You have sent {len(entries)}.",
        )
    seen: set[str] = set()
    for entry in entries:
        if not _ID.fullmatch(entry["Id"]):
            raise _wrong(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and"
                " underscores. It can be at most 80 letters long.",
            )
        if entry["Id"] in seen:
            raise _wrong("BatchEntryIdsNotDistinct", f"Id {entry['Id']} repeated.")
        seen.add(entry["Id"])


def check_batch_size(size: int) -> None:
    if size > BYTES_MAX:
        raise _wrong(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {BYTES_MAX} bytes. You have sent {size} bytes.",
        )


def each(
    entries: Sequence[dict[str, Any]], one: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Entries stand alone: what is wrong with one fails that one. `one` checks before it writes."""
    successful, failed = [], []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **one(entry)})
        except ServiceError as error:
            fault = {"Code": error.code, "Message": error.message, "SenderFault": True}
            failed.append({"Id": entry["Id"], **fault})
    answer: dict[str, Any] = {"Successful": successful}
    return answer | {"Failed": failed} if failed else answer
