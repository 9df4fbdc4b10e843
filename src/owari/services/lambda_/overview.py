"""What `owari status` says of Lambda: mappings that cannot receive, environments not to be had."""

from __future__ import annotations

from owari.store.tx import Tx
from owari.wire.operation import Notice, Overview, overview

SHOWN_MAX = 100


@overview("lambda")
def of_lambda(tx: Tx) -> Overview:
    mappings = "SELECT * FROM lambda_mapping WHERE trouble IS NOT NULL ORDER BY name LIMIT ?"
    for row in tx.all(mappings, SHOWN_MAX):
        name = f"{row['source'].rpartition(':')[2]} → {row['name']}"
        why = f"PROBLEM: {row['trouble']}"
        place = row["account"], row["region"]
        yield Notice("event source mapping", name, row["state"], why, *place)
    kept = "SELECT * FROM lambda_provisioned WHERE why <> '' ORDER BY name LIMIT ?"
    for row in tx.all(kept, SHOWN_MAX):
        name = f"{row['name']}:{row['qualifier']}"
        place = row["account"], row["region"]
        yield Notice("provisioned concurrency", name, "FAILED", row["why"], *place)
