"""What is wrong with a batch as a whole. Pure. Source: SNS API Reference, PublishBatch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from owari.errors import ServiceError

_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def check_batch(ids: Sequence[str], most: int) -> None:
    if not ids:
        raise ServiceError(
            "EmptyBatchRequest", "The batch request doesn't contain any entries.", status=400
        )
    if len(ids) > most:
        raise ServiceError(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible.",
            status=400,
        )
    if not all(_ID.fullmatch(id) for id in ids):
        raise ServiceError(
            "InvalidBatchEntryId",
            "The Id of a batch entry in a batch request doesn't abide by the specification.",
            status=400,
        )
    if len(set(ids)) != len(ids):
        raise ServiceError(
            "BatchEntryIdsNotDistinct",
            "Two or more batch entries in the request have the same Id.",
            status=400,
        )
