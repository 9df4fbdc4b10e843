"""From a job that ended to the requests that run some of its children again. Pure.

Each child is told the number it had (AWS_BATCH_JOB_ARRAY_INDEX) and the size of the array it was
in, by a few lines of shell around the command (wrapping.py). All else is as it was: definition,
queue, parameters, variables, what it takes, retries, timeout. What it depended on is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from owari.cli.batch.submission import NoJob, Part
from owari.cli.batch.wrapping import wrap

Json = dict[str, Any]


def request(part: Part, children: Sequence[int]) -> Json:
    """SubmitJob of these children of a part (in ascending order). Raises NoJob."""
    if "container" not in part.detail:
        raise NoJob(f"{part.id} has several containers or nodes: only plain jobs can be run again")
    if not part.wrapped.program:
        raise NoJob(f"{part.id} has no command of its own: it cannot be told which child it is")
    made: Json = {
        "jobName": part.detail["jobName"],
        "jobQueue": part.detail["jobQueue"],
        "jobDefinition": part.detail["jobDefinition"],
        "parameters": part.detail.get("parameters", {}),
        "containerOverrides": overrides(part, _command(part, children)),
    }
    if len(children) > 1:
        made["arrayProperties"] = {"size": len(children)}
    return made | dict(_kept(part.detail))


def _command(part: Part, children: Sequence[int]) -> list[str]:
    """A rerun of a rerun leads straight to the first: no shells around shells."""
    if not part.is_array and not part.wrapped.indexes:
        return list(part.detail["container"]["command"])
    before = part.wrapped
    indexes = tuple(before.indexes[c] if before.indexes else c for c in children)
    size = before.rerun_size or part.size
    return wrap(replace(before, indexes=indexes, rerun_size=size))


def overrides(part: Part, command: list[str]) -> Json:
    container = part.detail["container"]
    asked = list(container.get("resourceRequirements", []))
    types = {one["type"] for one in asked}
    for old, new in (("vcpus", "VCPU"), ("memory", "MEMORY")):
        if container.get(old) and new not in types:
            asked.append({"type": new, "value": str(container[old])})
    made: Json = {"command": command, "environment": container.get("environment", [])}
    return made | ({"resourceRequirements": asked} if asked else {})


def _kept(detail: Json) -> Iterator[tuple[str, Any]]:
    if detail.get("retryStrategy"):
        yield "retryStrategy", detail["retryStrategy"]
    if detail.get("timeout"):
        yield "timeout", detail["timeout"]
    if detail.get("shareIdentifier"):
        yield "shareIdentifier", detail["shareIdentifier"]
        yield "schedulingPriorityOverride", detail.get("schedulingPriority", 0)
    if detail.get("consumableResourceProperties"):
        yield "consumableResourcePropertiesOverride", detail["consumableResourceProperties"]
    yield "propagateTags", detail.get("propagateTags", False)
    own = {k: v for k, v in detail.get("tags", {}).items() if not k.startswith("owari:")}
    if own:
        yield "tags", own
