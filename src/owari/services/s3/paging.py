"""One page of a listing: prefix, delimiter, where to start, how many. Pure.

The same walk serves keys, versions and uploads: rows come ordered by (key, order), `order`
ranking the several rows of one key. A common prefix found is not walked through but jumped
over, so a page costs as many steps as it has entries, however many keys hide below a prefix.

Source: S3 API Reference, ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import quote_plus

from owari.services.s3 import errors

Item = TypeVar("Item")
FIRST = -(2**62)  # before every order a row can have
MOST = 1000


class Position(NamedTuple):
    """A listing goes on at the first row that is not before this."""

    key: str
    order: int = FIRST


BEGINNING = Position("")
Rows = Callable[[Position], Iterable[tuple[Position, Item]]]


@dataclass(slots=True)
class Page(Generic[Item]):
    """`last` is the name listed last (a key or a common prefix), `resume` where to go on."""

    items: list[Item] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    truncated: bool = False
    last: str | None = None
    resume: Position | None = None

    @property
    def count(self) -> int:
        return len(self.items) + len(self.prefixes)


@dataclass(frozen=True, slots=True)
class Query:
    """`marker`: common prefixes that it lies in were listed before; "" for none."""

    prefix: str = ""
    delimiter: str = ""
    start: Position = BEGINNING
    marker: str = ""
    most: int = MOST

    def common_prefix(self, key: str) -> str | None:
        if not self.delimiter:
            return None
        at = key.find(self.delimiter, len(self.prefix))
        return None if at < 0 else key[: at + len(self.delimiter)]


def after_key(key: str) -> Position:
    return Position(key + "\0")


def after_prefix(prefix: str) -> Position | None:
    """The first position behind all keys that start with `prefix`, in code point order."""
    while prefix:
        last = ord(prefix[-1])
        if last < 0x10FFFF:
            following = 0xE000 if last == 0xD7FF else last + 1  # no surrogates in UTF-8
            return Position(prefix[:-1] + chr(following))
        prefix = prefix[:-1]
    return None


def walk(query: Query, rows: Rows[Item]) -> Page[Item]:
    page: Page[Item] = Page()
    position: Position | None = max(query.start, Position(query.prefix))
    while position is not None and query.most > 0:
        position = _stretch(query, page, rows(position))
    return page


def _stretch(
    query: Query, page: Page[Item], rows: Iterable[tuple[Position, Item]]
) -> Position | None:
    """Fill the page up to the next common prefix; returns where to go on behind it."""
    for at, item in rows:
        if not at.key.startswith(query.prefix):
            return None
        common = query.common_prefix(at.key)
        if common is not None and query.marker.startswith(common):
            return after_prefix(common)
        if page.count == query.most:
            page.truncated = True
            return None
        if common is not None:
            page.prefixes.append(common)
            page.last, page.resume = common, after_prefix(common)
            return page.resume
        page.items.append(item)
        page.last, page.resume = at.key, Position(at.key, at.order + 1)
    return None


# ---- what a request says and an answer repeats
def most_of(value: int | None, name: str) -> int:
    """`max-keys` and its like, at most 1,000."""
    if value is None:
        return MOST
    if not 0 <= value <= 2_147_483_647:
        raise errors.invalid_argument(
            f"Argument {name} must be an integer between 0 and 2147483647", name, value
        )
    return min(value, MOST)


def check_encoding_type(value: str | None) -> None:
    if value not in (None, "url"):
        raise errors.invalid_argument(
            "Invalid Encoding Method specified in Request", "encoding-type", value
        )


def url_encode(text: str) -> str:
    """As S3 encodes keys in listings (`encoding-type=url`) and in event records."""
    return quote_plus(text, safe="/*").replace("~", "%7E")


def token_of(position: Position) -> str:
    return base64.urlsafe_b64encode(position.key.encode()).decode()


def position_of(token: str) -> Position:
    try:
        key = base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        key = ""
    if not key:
        raise errors.invalid_argument(
            "The continuation token provided is incorrect", "continuation-token"
        )
    return Position(key)
