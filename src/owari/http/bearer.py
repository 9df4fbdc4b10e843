"""A caller who holds a session token of ours: a job, a function or a task of another user's id.

The token is signed with the data folder's own secret, so only what Owari started, or whom it gave
credentials to, can hold one (credentials.py).
"""

from __future__ import annotations

from collections.abc import Callable

from owari.credentials import Issuer
from owari.wire.credential import parse_authorization
from owari.wire.message import Request


def holds_token(request: Request, issuer: Issuer, now: Callable[[], float]) -> bool:
    """`now` in real time, epoch seconds. Whether the request is signed as it should be is for the
    wire to say, where signatures are verified."""
    token = request.headers.get("x-amz-security-token")
    header = request.headers.get("authorization")
    if token is None or header is None:
        return False
    signed = parse_authorization(header, token)
    if signed is None:
        return False
    session = issuer.verify(signed.credential.access_key, token)
    return session is not None and now() < session.expires
