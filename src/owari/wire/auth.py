"""Who calls: from a signature header, a presigned URL or form, or nothing at all.

By default any access key is believed (a 12-digit one is the account), but a request must bear
one; with `verify` every signature is checked. A presigned URL's lifetime always counts, and its
signature does whenever its key is known to us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from owari.arn import parse_arn
from owari.credentials import Issuer, Session
from owari.errors import ServiceError
from owari.wire import catalogue, presign, refusals, sigv2, sigv4, timestamps
from owari.wire.chunked import ChunkSigner
from owari.wire.credential import Credential, Signed
from owari.wire.message import ANONYMOUS, Identity, Request
from owari.wire.routing import Route

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


class Key(NamedTuple):
    """A long-term access key."""

    account: str
    principal: str
    secret: str


Lookup = Callable[[str], tuple[str, str, str] | None]  # access key → Key's three parts


@dataclass(frozen=True, slots=True)
class Authority:
    """What it takes to tell who calls. `now`: epoch seconds, real time.

    `may_be_public(bucket)`: S3 might let anyone in, and so must be asked.
    """

    verify: bool
    lookup: Lookup
    issuer: Issuer
    now: Callable[[], float]
    may_be_public: Callable[[str], bool] = lambda _bucket: False


@lru_cache(maxsize=1024)
def _session(issuer: Issuer, access_key: str, token: str) -> Session | None:
    """Checking a token is dearer than remembering it."""
    return issuer.verify(access_key, token) if token.isascii() else None


def _known(
    authority: Authority, access_key: str, token: str | None, kind: refusals.Kind
) -> Key | None:
    """Whose key it is; None when it is not one of ours. Raises on an expired session."""
    if token:
        session = _session(authority.issuer, access_key, token)
        if session is None:
            if authority.verify:
                raise refusals.invalid_token(kind, access_key)
            return None
        if authority.now() > session.expires:
            raise refusals.expired_token(kind)
        return Key(session.account, session.arn, session.secret_key)
    found = authority.lookup(access_key) if access_key.startswith("AKIA") else None
    if found is None and authority.verify:
        raise refusals.unknown_key(kind, access_key)
    return None if found is None else Key(*found)


def _believed(access_key: str) -> Key:
    """In the default mode: an account by its number, everyone else in account 0."""
    known = len(access_key) == 12 and access_key.isascii() and access_key.isdigit()
    account = access_key if known else DEFAULT_ACCOUNT
    return Key(account, f"arn:aws:iam::{account}:root", "")


def authenticate(
    authority: Authority, request: Request, route: Route, body_sha256: str | None
) -> tuple[Identity, ChunkSigner | None]:
    """The caller, and what checks the body's chunk signatures where they can be checked.

    `body_sha256`: in hex; only looked at where `needs_body` says so. Raises ServiceError.
    """
    kind = refusals.kind_of(route.protocol.name)
    signed = route.signed
    if route.claim is not None:
        return _claimed(authority, request, route, route.claim), None
    if signed is None:
        return _unsigned(authority, request, route, kind), None
    if signed.presigned is not None:
        if "authorization" in request.headers:
            raise _two_mechanisms()
        presign.check_expiry(signed, authority.now())
    key = _known(authority, signed.credential.access_key, signed.token, kind)
    signer = None
    if key is not None and (authority.verify or signed.presigned is not None):
        signer = _verify(authority, request, signed, key, kind, body_sha256)
    who = key or _believed(signed.credential.access_key)
    return _identity(signed.credential, who), signer


def _identity(credential: Credential, who: Key) -> Identity:
    return Identity(who.account, credential.region, who.principal, credential.access_key)


def _claimed(authority: Authority, request: Request, route: Route, claim: sigv2.Claim) -> Identity:
    """The sender of a URL presigned with Signature Version 2."""
    if "authorization" in request.headers:
        raise _two_mechanisms()
    sigv2.check_expiry(claim, authority.now())
    text = sigv2.string_to_sign(request, route.query, claim, route.bucket)
    return _claimant(authority, claim, text, route.region)


def _claimant(authority: Authority, claim: sigv2.Claim, text: str, region: str | None) -> Identity:
    """Who has signed `text`. Raises ServiceError."""
    key = _known(authority, claim.access_key, claim.token, "s3")
    if key is not None and not sigv4.equal(sigv2.sign(key.secret, text), claim.signature):
        raise refusals.mismatch("s3", claim.access_key, text, "")
    who = key or _believed(claim.access_key)
    return Identity(who.account, region or DEFAULT_REGION, who.principal, claim.access_key)


def _two_mechanisms() -> ServiceError:
    return ServiceError(
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
        "query string parameter or the Authorization header should be specified",
        status=400,
    )


# ---- without a signature


def _unsigned(
    authority: Authority, request: Request, route: Route, kind: refusals.Kind
) -> Identity:
    operation = route.operation
    if operation is not None and operation.anonymous:
        return Identity(DEFAULT_ACCOUNT, route.region or DEFAULT_REGION, ANONYMOUS, "")
    public = None if operation is None else _public(request, route, operation.name)
    if public is not None:
        return public
    if "authorization" in request.headers:
        raise _unreadable(request, kind)
    if "X-Amz-Algorithm" in request.query:
        raise refusals.incomplete_presigned(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
            "X-Amz-Expires parameters."
        )
    bucket = route.labels.get("Bucket")
    if kind == "s3" and bucket and authority.may_be_public(bucket):
        return _anyone(route.region)
    raise refusals.missing(kind)


def _anyone(region: str | None) -> Identity:
    """To S3 an account of its own, which owns what it stores."""
    return Identity(ANONYMOUS, region or DEFAULT_REGION, ANONYMOUS, "")


def _unreadable(request: Request, kind: refusals.Kind) -> ServiceError:
    if kind == "s3" and not request.headers["authorization"].startswith("AWS4-"):
        return ServiceError(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. "
            "Please use AWS4-HMAC-SHA256.",
            status=400,
        )
    return refusals.incomplete(kind)


def _public(request: Request, route: Route, operation: str) -> Identity | None:
    """A URL that AWS hands out for anyone to open: account and region are its ARN's."""
    service, name = catalogue.PUBLIC_ACTIONS.get(operation, ("", ""))
    if route.model is None or route.model.service != service or request.method != "GET":
        return None
    arn = parse_arn(dict(route.query).get(name, ""))
    if arn is None:
        return None
    return Identity(arn.account, arn.region, ANONYMOUS, "")


# ---- with one


def _payload_hash(request: Request, signed: Signed, body_sha256: str | None) -> str | None:
    """None when the body is needed and has not come."""
    if signed.credential.service in ("s3", "s3express"):
        return request.headers.get("x-amz-content-sha256", sigv4.UNSIGNED)
    declared = request.headers.get("x-amz-content-sha256")
    if declared == sigv4.UNSIGNED:
        return declared
    return body_sha256


def needs_body(authority: Authority, request: Request, route: Route) -> bool:
    """Whether `authenticate` can only be asked once the body is there."""
    signed = route.signed
    if signed is None or not (authority.verify or signed.presigned is not None):
        return False
    return _payload_hash(request, signed, None) is None


def _verify(
    authority: Authority,
    request: Request,
    signed: Signed,
    key: Key,
    kind: refusals.Kind,
    body_sha256: str | None,
) -> ChunkSigner | None:
    """Raises ServiceError unless the signature is the key's."""
    date = _date(request, signed)
    if signed.presigned is None:
        _check_clock(date, authority.now(), kind)
    if date[:8] != signed.credential.date or "host" not in signed.signed_headers:
        raise refusals.incomplete(kind)
    if kind == "s3":
        _check_all_signed(request, signed)
    payload = _payload_hash(request, signed, body_sha256)
    assert payload is not None, "asked before the body had come"
    signing = sigv4.key_for(key.secret, signed.credential)
    without = "X-Amz-Signature" if signed.presigned is not None else ""
    query = sigv4.canonical_query(request.query, without=without)
    path = sigv4.canonical_path(request.path, signed.credential.service)
    canonical = sigv4.canonical_request(request, signed.signed_headers, query, path, payload)
    to_sign = sigv4.string_to_sign(signed.credential, date, canonical)
    if not sigv4.equal(sigv4.sign(signing, to_sign), signed.signature):
        raise refusals.mismatch(kind, signed.credential.access_key, to_sign, canonical)
    if payload.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"):
        return ChunkSigner(signing, date, signed.credential.scope, signed.signature)
    return None


def _check_all_signed(request: Request, signed: Signed) -> None:
    """S3 takes no `x-amz-` header on trust."""
    names = [
        n for n in request.headers if n.startswith("x-amz-") and n not in signed.signed_headers
    ]
    if names:
        message = "There were headers present in the request which were not signed"
        raise refusals.access_denied(message, HeadersNotSigned=", ".join(names))


def _date(request: Request, signed: Signed) -> str:
    if signed.presigned is not None:
        return signed.presigned[0]
    headers = request.headers
    date = headers.get("x-amz-date")
    if date is None and "date" in headers:
        try:
            seconds = timestamps.parse_http_date(headers["date"])
        except ValueError:
            return ""
        iso = timestamps.iso8601(seconds)
        date = iso.replace("-", "").replace(":", "")
    return date or ""


def _check_clock(date: str, now: float, kind: refusals.Kind) -> None:
    when = sigv4.parse_date(date)
    if when is None:
        raise refusals.incomplete(kind)
    if abs(now - when) > presign.SKEW_S:
        server = timestamps.iso8601(now).replace("-", "").replace(":", "")
        raise refusals.skewed(kind, date, server)


def authenticate_form(
    authority: Authority, bucket: str, fields: dict[str, str], signed: Signed | None
) -> Identity:
    """The sender of an S3 POST form. The policy itself is checked apart. Raises ServiceError."""
    if signed is None and (claim := sigv2.parse_form(fields)) is not None:
        return _claimant(authority, claim, fields.get("policy", ""), None)
    if signed is None:
        if "policy" in fields or not authority.may_be_public(bucket):
            raise refusals.access_denied()
        return _anyone(None)
    key = _known(authority, signed.credential.access_key, signed.token, "s3")
    if key is not None:
        policy = fields.get("policy", "")
        expected = sigv4.sign(sigv4.key_for(key.secret, signed.credential), policy)
        if not sigv4.equal(expected, signed.signature):
            raise refusals.mismatch("s3", signed.credential.access_key, policy, "")
    return _identity(signed.credential, key or _believed(signed.credential.access_key))
