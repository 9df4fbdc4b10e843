"""What `owari status` says of SQS: dead letters, which nobody looks at by himself."""

from __future__ import annotations

from owari.arn import parse_arn
from owari.store.tx import Tx
from owari.wire.operation import Notice, Overview, overview

SHOWN_MAX = 100
COUNTED_MAX = 1_000


@overview("sqs")
def of_sqs(tx: Tx) -> Overview:
    targets = tx.all(
        "SELECT DISTINCT dead_letter FROM sqs_queue WHERE dead_letter IS NOT NULL"
        " ORDER BY dead_letter LIMIT ?",
        SHOWN_MAX,
    )
    for row in targets:
        arn = parse_arn(row["dead_letter"])
        if arn is None:
            continue
        place = arn.account, arn.region
        count = _letters(tx, *place, arn.resource)
        if count:
            many = f"{count:,}" if count < COUNTED_MAX else f"{COUNTED_MAX:,} or more"
            yield Notice("dead-letter queue", arn.resource, "", f"holds {many} messages", *place)


def _letters(tx: Tx, account: str, region: str, name: str) -> int:
    row = tx.one(
        "SELECT COUNT(*) AS n FROM (SELECT 1 FROM sqs_message WHERE pile ="
        " (SELECT pile FROM sqs_queue WHERE account = ? AND region = ? AND name = ?) LIMIT ?)",
        account, region, name, COUNTED_MAX,
    )  # fmt: skip
    return int(row["n"]) if row else 0
