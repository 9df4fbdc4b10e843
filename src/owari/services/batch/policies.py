"""What a fair-share policy may say. Bounds of the Batch API reference, FairsharePolicy."""

from __future__ import annotations

import re
from typing import Any

from owari.services.batch.faults import beyond_owari, client

Json = dict[str, Any]

DECAY_MAX_S = 604_800
RESERVATION_MAX = 99
WEIGHT_MIN, WEIGHT_MAX = 0.0001, 999.9999
_IDENTIFIER = re.compile(r"[A-Za-z0-9]{1,254}\*?|[A-Za-z0-9]{255}")


def fair_share_of(p: Json) -> Json:
    """Raises ClientException."""
    if "quotaSharePolicy" in p:
        raise beyond_owari("scheduling policies with quotaSharePolicy")
    policy: Json = p.get("fairsharePolicy", {})
    if not 0 <= policy.get("shareDecaySeconds", 0) <= DECAY_MAX_S:
        raise client(f"shareDecaySeconds must be between 0 and {DECAY_MAX_S}.")
    if not 0 <= policy.get("computeReservation", 0) <= RESERVATION_MAX:
        raise client(f"computeReservation must be between 0 and {RESERVATION_MAX}.")
    shares = policy.get("shareDistribution", [])
    if len(shares) > 500:
        raise client("shareDistribution can contain at most 500 shares.")
    for share in shares:
        if not _IDENTIFIER.fullmatch(share["shareIdentifier"]):
            raise client(f"shareIdentifier '{share['shareIdentifier']}' is not valid.")
        if not WEIGHT_MIN <= share.get("weightFactor", 1.0) <= WEIGHT_MAX:
            raise client(f"weightFactor must be between {WEIGHT_MIN} and {WEIGHT_MAX}.")
    names = [share["shareIdentifier"] for share in shares]
    if len(set(names)) != len(names):
        raise client("shareDistribution must not name a share twice.")
    return policy
