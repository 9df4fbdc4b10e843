"""Who calls a function URL with AuthType AWS_IAM: a signature for the service `lambda`."""

from __future__ import annotations

from owari.errors import ServiceError
from owari.wire import qs
from owari.wire.auth import Authority, authenticate
from owari.wire.message import Identity, Request
from owari.wire.model import load
from owari.wire.routing import REST_JSON, Route, signed_of


def caller_of(authority: Authority, request: Request, body_sha256: str) -> Identity:
    """Raises ServiceError when there is no signature or it is not to be believed."""
    try:
        query = qs.parse(request.query) if request.query else []
    except ValueError:
        raise ServiceError("IncompleteSignatureException", "Bad query.", status=403) from None
    route = Route(REST_JSON, load("lambda"), query=query, signed=signed_of(request, query))
    if route.signed is None or route.signed.credential.service != "lambda":
        raise ServiceError("AccessDeniedException", "Forbidden", status=403)
    return authenticate(authority, request, route, body_sha256)[0]
