"""What Owari itself offers beside AWS's services. Its model lies in owari/models."""

from __future__ import annotations

from typing import Any

from owari.services.owari.core import in_order, not_found
from owari.store import outbox, spans
from owari.store.outbox import Envelope
from owari.store.spans import Span
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

SPANS_MAX = 10_000


@operation("owari", "GetTrace", reads=True)
def get_trace(tx: Tx, p: Params) -> Result:
    root = spans.root_of(tx.connection, p["Id"]) or outbox.root_of(tx.connection, p["Id"])
    if root is None:
        raise not_found(p["Id"])
    ended = spans.of_trace(tx.connection, root, SPANS_MAX)
    open_ = outbox.of_trace(tx.connection, root, SPANS_MAX - len(ended))
    found = [_shown(span) for span in ended]
    found += [_shown(span) for span in map(_unended, open_) if span is not None]
    return {"TraceId": root, "Spans": in_order(found), "Truncated": len(found) >= SPANS_MAX}


def _unended(e: Envelope) -> Span | None:
    return spans.of_effect(e, "waiting" if e.lease is None else "running", "", None)


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
