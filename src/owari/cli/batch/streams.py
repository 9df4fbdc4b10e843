"""The log streams of a job: which there are by now, and whose each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from owari.cli.batch.children import label, listed
from owari.cli.batch.submission import Part, describe, find, part_of, place_of, split_reference

GROUP = "/aws/batch/job"
NAMED_MAX = 100  # CloudWatch Logs API reference, FilterLogEvents: logStreamNames
WITH_OUTPUT = ("STARTING", "RUNNING", "SUCCEEDED", "FAILED")

Json = dict[str, Any]


class Streams:
    """`names`: stream → what to call whose it is. `over`: nothing more will come.

    `learn` asks again only for what had not ended.
    """

    def __init__(self, batch: Any, reference: str) -> None:
        """Raises NoJob."""
        self.batch = batch
        name, index = split_reference(reference)
        self.parts = find(batch, name)
        self.only = None if index is None else place_of(self.parts, index)
        self.names: dict[str, str] = {}
        self.over = False
        self._done: set[str] = set()
        self.learn()

    @property
    def group(self) -> str:
        """Of a container that says nothing of its own, Batch's."""
        log = self.parts[0].detail.get("container", {}).get("logConfiguration", {})
        return str(log.get("options", {}).get("awslogs-group", GROUP))

    @property
    def since(self) -> int:
        """Milliseconds since 1970."""
        return min(int(part.detail["createdAt"]) for part in self.parts)

    @property
    def asked(self) -> Json:
        """Parameters of FilterLogEvents: their names, or, if they are too many, all that begin
        as theirs do."""
        if len(self.names) <= NAMED_MAX:
            return {"logStreamNames": list(self.names)}
        first = next(iter(self.names))
        return {"logStreamNamePrefix": first.rpartition("/")[0] + "/"}

    def learn(self) -> None:
        if self.only is not None:
            part, child = self.only
            self.over = self._read([(part, child)])
            return
        found = describe(self.batch, [part.id for part in self.parts])
        self.parts = [part_of(detail) for detail in found]
        whole = [(part, 0) for part in self.parts if not part.is_array]
        arrays = [part for part in self.parts if part.is_array]
        over = all(part.detail["status"] in ("SUCCEEDED", "FAILED") for part in self.parts)
        self._read([*whole, *(unit for part in arrays for unit in self._children(part))])
        self.over = over

    def _children(self, part: Part) -> Iterator[tuple[Part, int]]:
        summary = part.detail["arrayProperties"]["statusSummary"]
        for state in WITH_OUTPUT:
            if summary.get(state):
                for child in listed(self.batch, part, state):
                    yield part, child["arrayProperties"]["index"]

    def _read(self, units: Sequence[tuple[Part, int]]) -> bool:
        """Whether all of them have ended."""
        wanted = {p.child_id(c): label(self.parts, p, c) for p, c in units}
        left = [id for id in wanted if id not in self._done]
        for detail in describe(self.batch, left):
            for stream in streams_of(detail):
                self.names[stream] = wanted[detail["jobId"]]
            if detail["status"] in ("SUCCEEDED", "FAILED"):
                self._done.add(detail["jobId"])
        return set(wanted) <= self._done


def streams_of(detail: Json) -> Iterator[str]:
    """Of each attempt, and of the one that runs; of every container."""
    for attempt in (*detail.get("attempts", []), detail):
        for container in _containers(attempt):
            if container.get("logStreamName"):
                yield container["logStreamName"]


def _containers(attempt: Json) -> Iterator[Json]:
    if "container" in attempt:
        yield attempt["container"]
    tasks = attempt.get("taskProperties") or attempt.get("ecsProperties", {}).get(
        "taskProperties", []
    )
    for task in tasks:
        yield from task.get("containers", [])
