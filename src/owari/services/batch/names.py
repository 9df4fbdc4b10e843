"""Names, ARNs and ids of Batch's resources."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import NamedTuple

from owari.arn import make_arn, parse_arn
from owari.services.batch.faults import client

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_SHARE = re.compile(r"[A-Za-z0-9]{1,255}")
_JOB_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:([:#])(0|[1-9]\d{0,5}))?")

ENVIRONMENT = "compute-environment"
QUEUE = "job-queue"
DEFINITION = "job-definition"
JOB = "job"
POLICY = "scheduling-policy"
CONSUMABLE = "consumable-resource"


class JobId(NamedTuple):
    """`child`: index in the array, `node`: index in the multi-node job."""

    id: str
    child: int | None = None
    node: int | None = None


def batch_arn(account: str, region: str, kind: str, name: str) -> str:
    return make_arn("batch", region, account, f"{kind}/{name}")


def check_name(what: str, name: str) -> str:
    """Raises ClientException."""
    if not _NAME.fullmatch(name):
        raise client(
            f"{what} '{name}' should match valid pattern: up to 128 letters, numbers, hyphens and"
            " underscores, beginning with a letter or number."
        )
    return name


def check_share(share: str) -> str:
    """Raises ClientException."""
    if not _SHARE.fullmatch(share):
        raise client(f"shareIdentifier '{share}' should match valid pattern [A-Za-z0-9]{{1,255}}.")
    return share


def name_in(reference: str, kind: str) -> str:
    """The name in a name or an ARN of that kind."""
    arn = parse_arn(reference)
    if arn is None:
        return reference
    found, _, name = arn.resource.partition("/")
    if arn.service != "batch" or found != kind:
        raise client(f"{reference} is not a valid {kind} ARN.")
    return name


def parse_job_id(reference: str) -> JobId | None:
    """Of an id or a job's ARN; None when it is neither."""
    arn = parse_arn(reference)
    match = _JOB_ID.fullmatch(arn.resource.removeprefix("job/") if arn else reference)
    if match is None:
        return None
    id, separator, number = match.groups()
    if separator == ":":
        return JobId(id, child=int(number))
    if separator == "#":
        return JobId(id, node=int(number))
    return JobId(id)


def unit_id(job: str, index: int) -> str:
    """The id callers know: `id:N` for a child, the id itself for a job of its own (-1)."""
    return job if index < 0 else f"{job}:{index}"


def task_id(job: str, index: int, attempt: int, node: int) -> str:
    """The id of an attempt's ECS task: made from what it is, so nothing need be stored."""
    text = f"{job}:{index}:{attempt}:{node}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache(maxsize=64)
def instance_id(agent: str) -> str:
    """An agent as an EC2 instance id."""
    return "i-" + hashlib.sha256(agent.encode()).hexdigest()[:17]
