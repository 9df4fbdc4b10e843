"""Pages of parameters, by name. A token is the last name that was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from owari import page_tokens
from owari.services.ssm import rows
from owari.services.ssm.faults import bad_token
from owari.services.ssm.filters import Seen, Test
from owari.services.ssm.records import Parameter
from owari.store.tx import Tx

SCANNED_MAX = 1_000  # of one request; the page may then be short, as on AWS
SLICE = 100


def found_page(
    tx: Tx, token: str | None, most: int, tests: Iterable[Test], start: str, end: str
) -> tuple[list[Parameter], dict[str, Any]]:
    """Those that pass, from `start` up to `end`, and what the answer says of more."""
    after, scanned, tests = _after(token), 0, list(tests)
    found: list[Parameter] = []
    while scanned < SCANNED_MAX:
        part = rows.between(tx, after, start, end, SLICE)
        for parameter in part:
            if len(found) == most:
                return found, _more(after)
            after = parameter.name
            seen = Seen(parameter, lambda arn=parameter.arn: tx.resources.tags(arn))  # type: ignore[misc]
            if all(test(seen) for test in tests):
                found.append(parameter)
        if len(part) < SLICE:
            return found, {}
        scanned += len(part)
    return found, _more(after)


def _more(after: str) -> dict[str, Any]:
    return {"NextToken": page_tokens.make(after)}


def _after(token: str | None) -> str:
    if not token:
        return ""
    try:
        (name,) = page_tokens.read(token, str)
    except ValueError:
        raise bad_token() from None
    return str(name)
