"""What must go before an entity may go."""

from __future__ import annotations

from owari.services.iam import policy_rows
from owari.services.iam.core import Entity
from owari.services.iam.faults import conflict
from owari.store.tx import Tx


def check_unused(tx: Tx, entity: Entity) -> None:
    """Raises DeleteConflict while policies are attached to it or lie in it."""
    if policy_rows.attached(tx, entity):
        raise conflict("Cannot delete entity, must detach all policies first.")
    if policy_rows.inline(tx, entity):
        raise conflict("Cannot delete entity, must delete policies first.")
