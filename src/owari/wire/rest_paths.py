"""REST routing: from method, path and query to an operation, by the model's `requestUri`s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from owari.wire.model import Operation, ServiceModel
from owari.wire.qs import decode

# Operations that no request means unless its x-id says so: the path is another's.
_ONLY_BY_ID = frozenset({"ListDirectoryBuckets"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An operation, with what a request must bear besides method and path."""

    operation: Operation
    labels: tuple[str, ...]
    constants: tuple[tuple[str, str], ...]  # value "": any
    query: tuple[str, ...]  # required parameters
    headers: tuple[str, ...]  # required headers

    @property
    def order(self) -> tuple[int, int, bool, bool]:
        needs = len(self.query) + len(self.headers)
        odd = self.operation.name in _ONLY_BY_ID
        return -len(self.constants), -needs, odd, self.operation.deprecated

    def means(self, query: dict[str, str]) -> bool:
        for name, value in self.constants:
            if name not in query or (value and query[name] != value):
                return False
        return True

    def complete(self, query: dict[str, str], headers: dict[str, str]) -> bool:
        for name in self.query:
            if name not in query:
                return False
        for name in self.headers:  # noqa: SIM110 - this runs for every request
            if name not in headers:
                return False
        return True


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: dict[str, list[Candidate]] = field(default_factory=dict)
    here: dict[str, list[Candidate]] = field(default_factory=dict)


def candidate(operation: Operation, segments: Iterable[str], query: str) -> Candidate:
    shape = operation.input
    needed = () if shape is None else shape.required
    by_query, by_header = [], []
    for name in needed:
        member = shape.members[name] if shape is not None else None
        if member is not None and member.location == "querystring":
            by_query.append(member.wire_name or name)
        elif member is not None and member.location == "header":
            by_header.append((member.wire_name or name).lower())
    constants = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if k != "x-id"]
    labels = tuple(s.strip("{}+") for s in segments if s.startswith("{"))
    return Candidate(operation, labels, tuple(constants), tuple(by_query), tuple(by_header))


def choose(
    candidates: list[Candidate], query: dict[str, str], headers: dict[str, str]
) -> Candidate | None:
    """Of those whose constants fit, the most particular whose required parameters are there.

    If none is complete, the one that asks least: it will say what is missing. `x-id` decides
    where several fit.
    """
    hint = query.get("x-id")
    best = least = None
    for one in candidates:  # sorted: most constants first, then most required
        if one.constants and not one.means(query):
            continue
        if least is not None and len(one.constants) < len(least.constants):
            break
        least = one
        if one.complete(query, headers) and (best is None or one.operation.name == hint):
            best = one
            if hint is None:
                break
    return best or least


class Router:
    """The paths of one service."""

    def __init__(self, model: ServiceModel) -> None:
        self._top = _Node()
        for name in model:
            operation = model.operation(name)
            assert operation is not None
            path, _, query = operation.uri.partition("?")
            self._add(operation, [s for s in path.split("/") if s], query)
        for node in self._nodes(self._top):
            for found in (*node.here.values(), *node.greedy.values()):
                found.sort(key=lambda c: c.order)

    def _add(self, operation: Operation, segments: list[str], query: str) -> None:
        node, made = self._top, candidate(operation, segments, query)
        for segment in segments:
            if segment.endswith("+}"):
                node.greedy.setdefault(operation.method, []).append(made)
                return
            if segment.startswith("{"):
                node.label = node.label or _Node()
                node = node.label
            else:
                node = node.literals.setdefault(segment, _Node())
        node.here.setdefault(operation.method, []).append(made)

    def _nodes(self, node: _Node) -> Iterator[_Node]:
        yield node
        for child in (*node.literals.values(), *([node.label] if node.label else [])):
            yield from self._nodes(child)

    def match(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> tuple[Operation, dict[str, str]] | None:
        """`path` is raw. ValueError when a label is not UTF-8."""
        segments = path.strip("/").split("/") if path.strip("/") else []
        for node, values, greedy in self._walk(self._top, segments, ()):
            found = choose((node.greedy if greedy else node.here).get(method, []), query, headers)
            if found is not None:
                return found.operation, dict(zip(found.labels, map(decode, values), strict=True))
        return None

    def _walk(
        self, node: _Node, left: list[str], values: tuple[str, ...]
    ) -> Iterator[tuple[_Node, tuple[str, ...], bool]]:
        """Every node the path can mean, literals before labels before greedy labels."""
        if not left:
            yield node, values, False
            return
        if left[0] in node.literals:
            yield from self._walk(node.literals[left[0]], left[1:], values)
        if node.label is not None and left[0]:
            yield from self._walk(node.label, left[1:], (*values, left[0]))
        if node.greedy:
            yield node, (*values, "/".join(left)), True

    def listed(self, template: str, method: str) -> list[Candidate]:
        """The candidates of one path, for a service that splits its paths itself (S3)."""
        node = self._top
        for segment in (s for s in template.split("/") if s):
            if segment.endswith("+}"):
                return node.greedy.get(method, [])
            assert node.label is not None
            node = node.label
        return node.here.get(method, [])


def router(model: ServiceModel) -> Router:
    found: Router | None = model.cache.get("router")
    if found is None:
        found = model.cache["router"] = Router(model)
    return found
