"""What Owari itself offers beside AWS's services. Its model lies in owari/models."""

from __future__ import annotations

from typing import Any

from owari.services.owari import traces
from owari.services.owari.core import in_order, not_found
from owari.services.owari.overviews import overview_of
from owari.store.spans import Span
from owari.store.tx import Tx
from owari.wire.operation import REGISTRY, Params, Result, operation


@operation("owari", "GetTrace", reads=True)
def get_trace(tx: Tx, p: Params) -> Result:
    root = traces.root_of(tx, p["Id"])
    if root is None:
        raise not_found(p["Id"])
    found = traces.whole(tx, root)
    truncated = len(found) >= traces.SPANS_MAX
    return {"TraceId": root, "Spans": in_order(map(_shown, found)), "Truncated": truncated}


@operation("owari", "GetOverview", reads=True)
def get_overview(tx: Tx, p: Params) -> Result:
    return overview_of(REGISTRY.overviews[name](tx) for name in sorted(REGISTRY.overviews))


def _shown(s: Span) -> dict[str, Any]:
    shown = {
        "SpanId": s.span, "ParentId": s.parent, "Id": s.id, "Attempt": s.attempt, "Kind": s.kind,
        "Name": s.name, "Subject": s.subject, "Made": s.made, "Status": s.status,
        "Account": s.account, "Region": s.region, "Principal": s.principal, "EmittedAt": s.emitted,
    }  # fmt: skip
    if s.status != "waiting":
        shown["BeganAt"] = s.began
    if s.ended is not None:
        shown["EndedAt"] = s.ended
    return {name: value for name, value in shown.items() if value != ""}
