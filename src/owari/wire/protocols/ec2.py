"""EC2's own variant of AWS query: as far as Owari needs it to say that it has no EC2."""

from __future__ import annotations

from owari.errors import ServiceError
from owari.wire.message import Response
from owari.wire.model import ServiceModel
from owari.wire.protocols.errors import describe
from owari.wire.protocols.query import Query, as_bytes, headers_of
from owari.wire.xml import escape


class Ec2(Query):
    """Errors look differently; requests and answers would, too."""

    def refuse(self, model: ServiceModel | None, error: ServiceError, request_id: str) -> Response:
        fault = describe(model, error)
        said = f"<Code>{escape(fault.code)}</Code><Message>{escape(fault.message)}</Message>"
        out = [f"<Response><Errors><Error>{said}</Error></Errors>"]
        out.append(f"<RequestID>{request_id}</RequestID></Response>")
        headers = [*headers_of(request_id), *error.headers.items()]
        return Response(fault.status, headers, as_bytes(out))
