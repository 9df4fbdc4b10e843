"""What the services have to say in `owari status`, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from owari.wire.operation import Notice, Overview, Work

NOTICES_MAX = 20  # of a kind


def overview_of(services: Iterable[Overview]) -> dict[str, Any]:
    """GetOverview's answer: what is alarming first."""
    work, notices, kinds = [], [], Counter[str]()
    for told in (one for service in services for one in service):
        match told:
            case Work(kind, running, waiting, more):
                work.append({"Kind": kind, "Running": running, "Waiting": waiting, "More": more})
            case Notice():
                kinds[told.kind] += 1
                if kinds[told.kind] <= NOTICES_MAX:
                    notices.append(_notice(told))
    notices.sort(key=lambda notice: not notice["Alarming"])
    return {"Work": work, "Notices": notices, "NoticeCounts": dict(kinds)}


def _notice(n: Notice) -> dict[str, Any]:
    told = {
        "Kind": n.kind, "Name": n.name, "State": n.state, "Reason": n.reason,
        "Alarming": n.alarming, "Account": n.account, "Region": n.region,
    }  # fmt: skip
    return told if n.since is None else told | {"Since": n.since}
