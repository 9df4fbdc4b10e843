"""Amazon Resource Names: made and taken apart."""

from __future__ import annotations

from typing import NamedTuple

PARTITION = "aws"


class Arn(NamedTuple):
    service: str
    region: str
    account: str
    resource: str  # everything after the account, colons and slashes included


def make_arn(service: str, region: str, account: str, resource: str) -> str:
    return f"arn:{PARTITION}:{service}:{region}:{account}:{resource}"


def parse_arn(text: str) -> Arn | None:
    """None when it is not an ARN."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return None
    return Arn(parts[2], parts[3], parts[4], parts[5])


def queue_url(endpoint: str, arn: str) -> str:
    """The URL of an SQS queue, as Owari at `endpoint` has it."""
    found = parse_arn(arn)
    assert found is not None, f"not a queue: {arn}"
    return f"{endpoint}/{found.account}/{found.resource}"
