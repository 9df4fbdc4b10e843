"""What `owari status` says of secrets: rotations that came to nothing."""

from __future__ import annotations

from owari.store.tx import Tx
from owari.wire.operation import Notice, Overview, overview

SHOWN_MAX = 100


@overview("secretsmanager")
def of_secretsmanager(tx: Tx) -> Overview:
    rows = tx.all(
        "SELECT * FROM secretsmanager_secret WHERE failure <> '' ORDER BY changed DESC LIMIT ?",
        SHOWN_MAX,
    )
    for row in rows:
        yield Notice(
            "secret", row["name"], "", f"its rotation failed, {row['failure']}", row["account"],
            row["region"],
        )  # fmt: skip
