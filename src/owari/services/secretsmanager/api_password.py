"""GetRandomPassword."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from owari.services.secretsmanager.password import password
from owari.store.tx import Tx
from owari.wire.operation import Params, Result, operation

_DIGITS = 16  # of a number, hexadecimal


@operation("secretsmanager", "GetRandomPassword", reads=True)
def get_random_password(tx: Tx, p: Params) -> Result:
    return {"RandomPassword": password(p, _numbers(tx))}


def _numbers(tx: Tx) -> Iterator[int]:
    """That nobody can foretell who does not have the data folder's own secret."""
    seed = tx.new_id()
    for n in count():
        text = tx.issuer.seal(f"password {seed} {n}")
        yield from (int(text[i : i + _DIGITS], 16) for i in range(0, len(text), _DIGITS))
