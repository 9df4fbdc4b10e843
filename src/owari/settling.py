"""The end of an effect, inside the transaction: its row goes and its reaction is run.

The row is removed at the attempt it was carried out with; if it is gone, the report is stale and
nothing happens.
"""

from __future__ import annotations

import logging
from typing import Any

from owari.effects import Http, Report, Run
from owari.errors import ServiceError
from owari.store import outbox, spans
from owari.store.outbox import Envelope
from owari.store.span_names import made_by
from owari.store.tx import Tx
from owari.wire.operation import Registry

log = logging.getLogger("owari.engine")

ORPHAN_ATTEMPTS = 20  # tries of a Call that reports to nobody and met a server error
STALE = object()


class Settling:
    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def end(
        self,
        tx: Tx,
        envelope: Envelope,
        result: dict[str, Any] | None,
        error: ServiceError | None,
    ) -> Any:
        """STALE when the effect was gone already."""
        report = self.remove(tx, envelope, result, error)
        if report is None:
            return STALE
        to = envelope.reply_to
        if to is not None:
            self.registry.reactions[(to.service, to.topic)](tx, report)
        elif error is not None:
            _orphan(tx, report, error)
        return None

    def remove(
        self,
        tx: Tx,
        envelope: Envelope,
        result: dict[str, Any] | None,
        error: ServiceError | None = None,
    ) -> Report | None:
        """What its reaction is told; None when it was gone."""
        if result is not None and result.get("more"):  # a part of it goes on: it stays
            if not outbox.is_there(tx.connection, envelope.id, envelope.attempt):
                return None
        elif outbox.delete(tx.connection, envelope.id, envelope.attempt):
            tx.outcome.removed.append(envelope)
            _note(tx, envelope, result, error)
        else:
            return None
        tx.ended = envelope
        return Report(
            effect_id=envelope.id,
            key=envelope.reply_to.key if envelope.reply_to else "",
            attempt=envelope.attempt,
            result=result,
            error=error,
        )


def _note(
    tx: Tx, envelope: Envelope, result: dict[str, Any] | None, error: ServiceError | None
) -> None:
    """A span of it, for its trace."""
    status = error.code if error is not None else "ok"
    if isinstance(envelope.effect, Run | Http) and result is not None:
        status = str(result["status"])
    span = spans.of_effect(envelope, status, made_by(result or {}), tx.now)
    if span is not None:
        tx.outcome.spans.append(span)


def _orphan(tx: Tx, report: Report, error: ServiceError) -> None:
    """A failed effect that reports to nobody: server errors are tried again for a while."""
    transient = error.status is not None and (error.status >= 502 or error.status in (429, 500))
    if transient and report.attempt < ORPHAN_ATTEMPTS:
        tx.again(report, due=tx.now + min(2.0 ** (report.attempt - 1), 60.0))
    else:
        log.warning("effect %s failed and nobody asked: %s", report.effect_id, error)
