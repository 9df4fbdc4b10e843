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

SLICE = 100
SCANNED_MAX = 1_000  # of one request; the page may then be short, as on AWS

_PLACES: dict[str, Callable[[Secret], float]] = {
    "created-date": lambda s: s.created,
    "last-accessed-date": lambda s: s.accessed or 0.0,
    "last-changed-date": lambda s: s.changed,
    "name": lambda _s: 0.0,
}
Place = tuple[float, str]


def found_page(tx: Tx, p: Mapping[str, Any], usual: int) -> tuple[list[Secret], dict[str, Any]]:
    """A page, and what the answer says of more. A token is the last secret that was looked at.

    Raises InvalidNextTokenException, InvalidParameterException.
    """
    for one in p.get("Filters", ()):
        if not one.get("Key") or not one.get("Values"):
            raise invalid("A filter needs a Key and Values.")
    order, descending = p.get("SortBy", "created-date"), p.get("SortOrder") == "desc"
    after, most, scanned = _after(p.get("NextToken")), p.get("MaxResults") or usual, 0
    found: list[Secret] = []
    while scanned < SCANNED_MAX:
        part = rows.sorted_by(tx, order, after, SLICE, descending=descending)
        for secret in part:
            if len(found) == most:
                return found, _more(after)
            after = _PLACES[order](secret), secret.name
            if _is_wanted(tx, secret, p):
                found.append(secret)
        if len(part) < SLICE:
            return found, {}
        scanned += len(part)
    return found, _more(after)


def _is_wanted(tx: Tx, s: Secret, p: Mapping[str, Any]) -> bool:
    if s.deletes is not None and not p.get("IncludePlannedDeletion"):
        return False
    filters = p.get("Filters", ())
    if not filters:
        return True
    seen = Seen(s.name, s.description, tx.region, tx.resources.tags(s.arn))
    return all(passes(one, seen) for one in filters)


def _more(after: Place | None) -> dict[str, Any]:
    return {"NextToken": page_tokens.make(*after)} if after is not None else {}


def _after(token: str | None) -> Place | None:
    if not token:
        return None
    try:
        place, name = page_tokens.read(token, float, str)
    except ValueError:
        raise bad_token() from None
    return float(place), str(name)
