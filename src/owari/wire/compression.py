"""Compressed requests: SDKs gzip large bodies of some operations (PutMetricData).

See the SDKs reference guide, "Request compression".
"""

from __future__ import annotations

import zlib

from owari.errors import ServiceError
from owari.wire.message import Request

INFLATED_MAX_BYTES = 80 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS


def is_gzip(request: Request) -> bool:
    return request.headers.get("content-encoding", "").strip().lower() == "gzip"


def gunzip(body: bytes) -> bytes:
    """Raises ServiceError when it is not gzip, cut short, or a bomb."""
    inflater = zlib.decompressobj(_GZIP)
    try:
        data = inflater.decompress(body, INFLATED_MAX_BYTES)
    except zlib.error:
        raise _error("The request body is not valid gzip.") from None
    if inflater.unconsumed_tail:
        raise ServiceError(
            "RequestEntityTooLargeException", "The request's body is too large.", status=413
        )
    if not inflater.eof:
        raise _error("The request body ends too early.")
    return data


def _error(message: str) -> ServiceError:
    return ServiceError("SerializationException", message, status=400)
