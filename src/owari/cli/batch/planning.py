"""From what the user asked to the SubmitJob requests. Pure.

An array has 2 to 10,000 children on AWS (Batch API reference, ArrayProperties). More of them make
several jobs, of nearly the same size; one makes a plain job. The program sees one array all the
same: its number and the whole size (wrapping.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from owari.cli.batch.submission import PARTS_TAG, TAG
from owari.cli.batch.wrapping import Wrapped, wrap

ARRAY_MAX = 10_000
# What a shell passes on so that a program is found and speaks as it does here.
PASSED = (
    "PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "LD_LIBRARY_PATH"
)  # fmt: skip

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """`array` 0: no array. `folder` empty: the image's own. `items`: a file for each part."""

    name: str
    queue: str
    definition: str
    program: tuple[str, ...]
    array: int = 0
    items: tuple[str, ...] = ()
    folder: str = ""
    vcpus: int = 1
    memory_mib: int = 1024
    gpus: int = 0
    retries: int = 0
    timeout_s: int = 0
    after: tuple[str, ...] = ()
    after_each: tuple[tuple[str, ...], ...] = ()  # of each: its jobs, one for each of ours
    variables: Mapping[str, str] = field(default_factory=dict)


def parts(size: int) -> list[range]:
    """Numbers of the children of each job."""
    many = -(-size // ARRAY_MAX)
    bounds = [size * n // many for n in range(many + 1)]
    return [range(a, b) for a, b in pairwise(bounds)]


def requests(asked: Asked, submission: str) -> Iterator[Json]:
    """`submission`: a new id, for the tags that hold the jobs together."""
    made = parts(asked.array or 1)
    for number, numbers in enumerate(made):
        request = _common(asked)
        items = asked.items[number] if asked.items else ""
        request["containerOverrides"]["command"] = wrap(_wrapped(asked, numbers, items))
        n_to_n = {"type": "N_TO_N"} if len(numbers) > 1 else {}
        if len(numbers) > 1:
            request["arrayProperties"] = {"size": len(numbers)}
        for jobs in asked.after_each:
            request.setdefault("dependsOn", []).append({"jobId": jobs[number], **n_to_n})
        request["tags"] = {TAG: submission, PARTS_TAG: str(len(made))}
        yield request


def _wrapped(asked: Asked, numbers: range, items: str) -> Wrapped:
    """Batch tells a child all it must know, unless the array is a part, of one, or has items."""
    whole = len(numbers) == asked.array > 1 and not items
    size = 0 if whole or not asked.array else asked.array
    return Wrapped(asked.program, asked.folder, numbers.start, size, items)


def _common(asked: Asked) -> Json:
    needs: Sequence[tuple[str, int]] = (
        ("VCPU", asked.vcpus), ("MEMORY", asked.memory_mib), ("GPU", asked.gpus),
    )  # fmt: skip
    request: Json = {
        "jobName": asked.name,
        "jobQueue": asked.queue,
        "jobDefinition": asked.definition,
        "containerOverrides": {
            "environment": [{"name": n, "value": v} for n, v in asked.variables.items()],
            "resourceRequirements": [{"type": t, "value": str(n)} for t, n in needs if n],
        },
    }
    if asked.retries:
        request["retryStrategy"] = {"attempts": asked.retries + 1}
    if asked.timeout_s:
        request["timeout"] = {"attemptDurationSeconds": asked.timeout_s}
    if asked.after:
        request["dependsOn"] = [{"jobId": id} for id in asked.after]
    return request
