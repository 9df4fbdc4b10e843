"""How large a value may become: an expression must not take the machine's memory."""

from __future__ import annotations

from owari.services.stepfunctions.jsonata.errors import JsonataError

TEXT_MAX = 10_000_000
ITEMS_MAX = 1_000_000


def check_text(size: int) -> None:
    if size > TEXT_MAX:
        raise JsonataError("U1001", f"A text would be longer than {TEXT_MAX} characters")


def check_items(count: int) -> None:
    if count > ITEMS_MAX:
        raise JsonataError("U1001", f"An array would have more than {ITEMS_MAX} items")
