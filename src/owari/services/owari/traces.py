"""The spans of a trace, and where its messages went on from there.

A batch that a function gets from a queue may have messages of several traces; its run belongs to
that of the first. It is shown in the others' too, below what sent the message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from owari.store import outbox, spans
from owari.store.outbox import Envelope
from owari.store.spans import Span
from owari.store.tx import Tx
from owari.tracing import span_of

SPANS_MAX = 10_000


def root_of(tx: Tx, id: str) -> str | None:
    return spans.root_of(tx.connection, id) or outbox.root_of(tx.connection, id)


def whole(tx: Tx, root: str) -> list[Span]:
    """Of a trace that is longer, the first `SPANS_MAX`."""
    found = _of(tx, root)
    traces, known = {root: found}, {span.id for span in found}
    fresh = found
    while fresh and len(found) < SPANS_MAX:
        sent, fresh = _messages(fresh), []
        for run, message in spans.takers(tx.connection, sent):
            if run.id in known:
                continue
            known.add(run.id)
            if run.root not in traces:
                traces[run.root] = _of(tx, run.root)
            attempts = [span for span in traces[run.root] if span.id == run.id]
            fresh += [span._replace(parent=sent[message]) for span in attempts]
            fresh += _caused_by(run.span, traces[run.root])
        found = found + fresh
    return found[:SPANS_MAX]


def _of(tx: Tx, root: str) -> list[Span]:
    """What ended, then what has yet to."""
    ended = spans.of_trace(tx.connection, root, SPANS_MAX)
    open_ = map(_unended, outbox.of_trace(tx.connection, root, SPANS_MAX - len(ended)))
    return [*ended, *(span for span in open_ if span is not None)]


def _unended(e: Envelope) -> Span | None:
    return spans.of_effect(e, "waiting" if e.lease is None else "running", "", None)


def _messages(found: Iterable[Span]) -> dict[str, str]:
    """By the name a message's own span would have, the span that sent it."""
    return {
        span_of(id): span.span
        for span in found
        if span.name.startswith("sqs:")
        for id in span.made.split(" ")
    }


def _caused_by(top: str, found: Iterable[Span]) -> Iterator[Span]:
    below: dict[str, list[Span]] = defaultdict(list)
    for span in found:
        below[span.parent].append(span)
    ahead = [top]
    while ahead:
        for span in below.pop(ahead.pop(), ()):
            yield span
            ahead.append(span.span)
