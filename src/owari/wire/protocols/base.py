"""What a protocol does: request → params, result → answer, error → answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from owari.errors import ServiceError
from owari.wire.message import Response, Upload
from owari.wire.model import Operation, ServiceModel
from owari.wire.protocols.compile import Malformed
from owari.wire.qs import Pairs


@dataclass(slots=True)
class Incoming:
    """A routed request: path labels and query decoded, header names lower-case."""

    headers: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)
    query: Pairs = field(default_factory=list)
    body: bytes | Upload = b""


def buffered(incoming: Incoming) -> bytes:
    """The body of an operation that takes no stream."""
    body = incoming.body
    if isinstance(body, Upload):
        assert body.data is not None, "a body that is not a stream was stored as one"
        return body.data
    return body


class WireProtocol(Protocol):
    """Its methods never raise anything but Malformed (parse)."""

    name: str

    def parse(self, operation: Operation, incoming: Incoming) -> dict[str, Any]:
        """The parameters, boto3-shaped. Raises Malformed."""

    def malformed(self, error: Malformed) -> ServiceError:
        """The error this protocol answers to a request it cannot read."""

    def answer(
        self, operation: Operation, result: dict[str, Any] | None, request_id: str
    ) -> Response: ...

    def refuse(
        self, model: ServiceModel | None, error: ServiceError, request_id: str
    ) -> Response: ...
