"""Effects whose reaction fails again and again for a reason of ours, for `owari status`."""

from __future__ import annotations

from typing import Any

from owari.errors import ServiceError
from owari.store.outbox import Envelope

MOST = 100  # that are told of


class Failing:
    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def add(self, envelope: Envelope, error: ServiceError) -> None:
        to = envelope.reply_to
        known = self._known.get(envelope.id)
        if known is None and len(self._known) >= MOST:
            return
        self._known[envelope.id] = {
            "effect": envelope.id,
            "kind": type(envelope.effect).__name__,
            "reports_to": f"{to.service}:{to.topic}" if to else "nobody",
            "times": known["times"] + 1 if known else 1,
            "why": str(error),
        }

    def discard(self, effect_id: str) -> None:
        self._known.pop(effect_id, None)

    def all(self) -> list[dict[str, Any]]:
        return list(self._known.values())
