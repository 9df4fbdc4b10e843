"""Subscribed to the topic: prints what is ready, into its log."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> None:
    for record in event["Records"]:
        print(f"{record['Sns']['Subject']}: {record['Sns']['Message']}")
