"""The containers of one attempt, and when the attempt is over.

An ordinary job has one part. A task of several containers has one each, a multi-node job those of
every node. Parts start together, except where a container waits for another; the attempt is over
when every part has ended. When an essential container ends, or the main node's last, the others
are stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from owari.services.batch.definitions import nodes_in
from owari.services.batch.demands import Size, size_of

Json = dict[str, Any]

WAITS, STARTED, RUNS, OVER = "waits", "started", "runs", "over"


@dataclass(frozen=True, slots=True)
class Template:
    """A container as the job's body has it. `task` holds volumes and roles."""

    node: int
    name: str
    container: Json
    task: Json
    essential: bool = True
    waits_for: tuple[tuple[str, str], ...] = ()  # (container name, condition)

    @property
    def size(self) -> Size:
        return size_of(self.container)


@dataclass(slots=True)
class Part:
    """One container of an attempt under way. Times in epoch seconds."""

    state: str = WAITS
    run: str = ""
    exit_code: int | None = None
    reason: str = ""
    status: str = ""  # of the run report
    started: float | None = None
    stopped: float | None = None
    told_to_stop: bool = False

    def as_json(self) -> list[Any]:
        return [getattr(self, name) for name in self.__slots__]


@lru_cache(maxsize=256)
def load(body: str) -> tuple[Json, tuple[Template, ...]]:
    """A job's body and its parts, from JSON text. Shared between callers: not to be changed."""
    parsed = json.loads(body)
    return parsed, templates(parsed)


def templates(body: Json) -> tuple[Template, ...]:
    """In the order in which an attempt's parts are numbered."""
    if "container" in body:
        return (Template(0, "default", body["container"], body["container"]),)
    if "ecs" in body:
        return tuple(_of_task(0, body["ecs"]["taskProperties"][0]))
    nodes = body["nodes"]
    by_node: dict[int, Json] = {}
    for entry in nodes["nodeRangeProperties"]:  # a later range goes before an earlier one
        by_node |= dict.fromkeys(nodes_in(entry["targetNodes"], nodes["numNodes"]), entry)
    return tuple(t for node in range(nodes["numNodes"]) for t in _of_node(node, by_node[node]))


def _of_node(node: int, entry: Json) -> Iterator[Template]:
    if "ecsProperties" in entry:
        return _of_task(node, entry["ecsProperties"]["taskProperties"][0])
    return iter((Template(node, "default", entry["container"], entry["container"]),))


def _of_task(node: int, task: Json) -> Iterator[Template]:
    for container in task["containers"]:
        yield Template(
            node,
            container["name"],
            container,
            task,
            container.get("essential", True),
            tuple((d["containerName"], d["condition"]) for d in container.get("dependsOn", ())),
        )


def main_node(body: Json) -> int:
    return int(body["nodes"]["mainNode"]) if "nodes" in body else 0


@dataclass(slots=True)
class Advance:
    """What is to be done after something happened to a part."""

    start: list[int] = field(default_factory=list)
    stop: list[int] = field(default_factory=list)
    over: bool = False


def advance(shape: Sequence[Template], parts: Sequence[Part], main: int) -> Advance:
    """Look at all parts: which may start, which must stop, is the attempt over."""
    ends = must_end(shape, parts, main)
    todo = Advance()
    for number, part in enumerate(parts):
        if part.state == WAITS:
            ready = not ends and _is_ready(number, shape, parts)
            if ready is None or ends:  # what it waits for can not come any more
                part.state, part.reason = OVER, "Dependency of the container was not met"
            elif ready:
                todo.start.append(number)
        elif part.state != OVER and ends and not part.told_to_stop:
            todo.stop.append(number)
    todo.over = not todo.start and all(part.state == OVER for part in parts)
    return todo


def must_end(shape: Sequence[Template], parts: Sequence[Part], main: int) -> bool:
    """An essential container of the main node is over."""
    return deciding_part(shape, parts, main) is not None


def deciding_part(shape: Sequence[Template], parts: Sequence[Part], main: int) -> int | None:
    """The essential part of the main node that ended first: its end is the attempt's."""
    over = [
        number
        for number, (template, part) in enumerate(zip(shape, parts, strict=True))
        if part.state == OVER and template.node == main and template.essential
    ]
    return min(over, key=lambda n: parts[n].stopped or 0.0) if over else None


def _is_ready(number: int, shape: Sequence[Template], parts: Sequence[Part]) -> bool | None:
    """None: never."""
    mine = shape[number]
    for name, condition in mine.waits_for:
        other = next(
            part
            for template, part in zip(shape, parts, strict=True)
            if template.name == name and template.node == mine.node
        )
        if condition == "START":
            if other.state == WAITS:
                return False
        elif other.state != OVER:
            return False
        elif condition == "SUCCESS" and other.exit_code != 0:
            return None
    return True
