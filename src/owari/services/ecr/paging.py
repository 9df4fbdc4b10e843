"""Pages of lists that are whole in memory; a token is the place where the next begins."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from owari.services.ecr.core import invalid

PAGE_USUAL = 100


def page_of(p: dict[str, Any], name: str, everything: list[Any]) -> dict[str, Any]:
    """Raises InvalidParameterException."""
    start, most = _start(p.get("nextToken")), p.get("maxResults") or PAGE_USUAL
    result: dict[str, Any] = {name: everything[start : start + most]}
    if start + most < len(everything):
        result["nextToken"] = base64.b64encode(str(start + most).encode()).decode()
    return result


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return max(int(base64.b64decode(token, validate=True)), 0)
    except (binascii.Error, ValueError):
        raise invalid("Invalid parameter at 'nextToken'") from None
