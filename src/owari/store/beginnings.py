"""What the clock begins, a schedule's invocation or a rule's event, has a trace of its own."""

from __future__ import annotations

from owari.store.spans import Span
from owari.store.tx import Tx
from owari.tracing import span_of


def begin_trace(tx: Tx, id: str, name: str, subject: str, principal: str) -> str:
    """The header of what it causes. `id` is what it is known by, `subject` the schedule's ARN."""
    root, span = f"1-{int(tx.now):08x}-{id.replace('-', '')[:24]}", span_of(id)
    tx.outcome.spans.append(
        Span(
            root, span, "", id, 1, "request", name, subject, "", "ok",
            tx.account, tx.region, principal, tx.now, tx.now, tx.now,
        )
    )  # fmt: skip
    return f"Root={root};Parent={span};Sampled=0"
