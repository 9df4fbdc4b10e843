from __future__ import annotations

import pytest

from tests.docs.generate import DOCS, GENERATED


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_generated_pages_are_current(name: str) -> None:
    assert (DOCS / name).read_text() == GENERATED[name](), "run `make docs`"
