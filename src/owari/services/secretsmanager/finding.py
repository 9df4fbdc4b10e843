"""Secrets by filters, sorted, by pages. Source: API reference, "ListSecrets" and "Filter"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from owari import page_tokens
from owari.services.secretsmanager import rows
from owari.services.secretsmanager.faults import bad_token, invalid
from owari.services.secretsmanager.filters import Seen, passes
from owari.services.secretsmanager.records import Secret
from owari.store.tx import Tx

_ORDERS: dict[str, Callable[[Secret], float]] = {
    "created-date": lambda s: s.created,
    "last-accessed-date": lambda s: s.accessed or 0.0,
    "last-changed-date": lambda s: s.changed,
    "name": lambda _s: 0.0,
}


def found_page(tx: Tx, p: Mapping[str, Any], usual: int) -> tuple[list[Secret], dict[str, Any]]:
    """A page, and what the answer says of more. A token is the last secret of a page.

    Raises InvalidNextTokenException, InvalidParameterException.
    """
    for one in p.get("Filters", ()):
        if not one.get("Key") or not one.get("Values"):
            raise invalid("A filter needs a Key and Values.")
    order, descending = _ORDERS[p.get("SortBy", "created-date")], p.get("SortOrder") == "desc"

    def place(s: Secret) -> tuple[float, str]:
        return order(s), s.name

    after = _after(p.get("NextToken"))
    found = sorted((s for s in rows.every(tx) if _wanted(tx, s, p)), key=place, reverse=descending)
    if after is not None:
        found = [s for s in found if (place(s) < after if descending else place(s) > after)]
    most = p.get("MaxResults") or usual
    more = {"NextToken": page_tokens.make(*place(found[most - 1]))} if len(found) > most else {}
    return found[:most], more


def _wanted(tx: Tx, s: Secret, p: Mapping[str, Any]) -> bool:
    if s.deletes is not None and not p.get("IncludePlannedDeletion"):
        return False
    filters = p.get("Filters", ())
    if not filters:
        return True
    seen = Seen(s.name, s.description, tx.region, tx.resources.tags(s.arn))
    return all(passes(one, seen) for one in filters)


def _after(token: str | None) -> tuple[float, str] | None:
    if not token:
        return None
    try:
        place, name = page_tokens.read(token, float, str)
    except ValueError:
        raise bad_token() from None
    return float(place), str(name)
