"""Fair share: who of a queue's shares is next.

A share's score is the vCPUs it uses now plus what it used lately, times its weight factor; the
lowest is next. What it used lately decays exponentially with the policy's shareDecaySeconds.
Source: Batch user guide, "Fair-share scheduling policies".
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from owari.services.batch.demand import FairShare, Held

WEIGHT = 1.0


def weight_of(policy: FairShare, share: str) -> float:
    """An exact identifier goes before a prefix, a longer prefix before a shorter one."""
    exact = dict(policy.weights)
    if share in exact:
        return exact[share]
    prefixes = [
        (len(name), weight)
        for name, weight in policy.weights
        if name.endswith("*") and share.startswith(name[:-1])
    ]
    return max(prefixes)[1] if prefixes else WEIGHT


def used_now(held: Iterable[Held], queue: str) -> dict[str, int]:
    """vCPUs in thousandths by share."""
    used: dict[str, int] = {}
    for h in held:
        if h.queue == queue:
            vcpus = sum(n for pool, n in h.claims.items() if pool.kind == "vcpus")
            used[h.share] = used.get(h.share, 0) + vcpus
    return used


def decayed(usage: float, vcpus: int, elapsed_s: float, policy: FairShare) -> float:
    """vCPU-thousandth-seconds as they count after `elapsed_s` more of using `vcpus`."""
    if policy.decay_s == 0:
        return 0.0
    return usage * math.exp(-elapsed_s / policy.decay_s) + vcpus * elapsed_s


def score(policy: FairShare, share: str, vcpus: float, usage: float) -> float:
    lately = usage / policy.decay_s if policy.decay_s else 0.0
    return (vcpus + lately) * weight_of(policy, share)


def usable(policy: FairShare, max_vcpus: int, active: int) -> int:
    """What active shares may use of an environment: a part is kept for those that are not.

    The part is (computeReservation / 100) to the power of the number of active shares.
    """
    reserved = (policy.reservation_percent / 100) ** max(active, 1)
    return int(max_vcpus * (1 - reserved)) if policy.reservation_percent else max_vcpus
