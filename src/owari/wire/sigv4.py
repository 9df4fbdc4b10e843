"""Signature Version 4: what a request should have been signed with.

See the IAM user guide, "Create a signed AWS API request", and the S3 API reference,
"Authenticating Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from owari.wire.credential import ALGORITHM, Credential
from owari.wire.message import Request

UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256().hexdigest()
SAFE = "-_.~"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(errors="surrogateescape"), "sha256")


@lru_cache(maxsize=256)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = _hmac(b"AWS4" + secret.encode(), date)
    for part in (region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def key_for(secret: str, credential: Credential) -> bytes:
    return signing_key(secret, credential.date, credential.region, credential.service)


def parse_date(text: str) -> float | None:
    """Epoch seconds of `20260101T000000Z`; None when it is not one."""
    try:
        moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC).timestamp()


def _recode(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe=SAFE)


def canonical_query(query: str, *, without: str = "") -> str:
    """Sorted, each name and value encoded anew; a raw `+` is a space."""
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            if _recode(name) != without:
                pairs.append((_recode(name), _recode(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _normal_path(path: str) -> str:
    """Without empty, `.` and `..` segments (RFC 3986, 5.2.4), as every service but S3 signs it."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    normal = "/" + "/".join(kept)
    return normal + "/" if path.endswith("/") and kept else normal


def canonical_path(path: str, service: str) -> str:
    if service in ("s3", "s3express", "s3-object-lambda"):
        return quote(unquote_to_bytes(path), safe="/" + SAFE)
    return quote(_normal_path(path), safe="/" + SAFE)


def canonical_request(
    request: Request, signed_headers: tuple[str, ...], query: str, path: str, payload: str
) -> str:
    """`query` and `path`: canonical already. `payload`: its hash, or what stands for it."""
    lines = [request.method, path, query]
    for name in signed_headers:
        lines.append(f"{name}:{' '.join(request.headers.get(name, '').split())}")
    return "\n".join((*lines, "", ";".join(signed_headers), payload))


def string_to_sign(credential: Credential, date: str, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode(errors="surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{date}\n{credential.scope}\n{digest}"


def sign(key: bytes, text: str) -> str:
    return _hmac(key, text).hex()


def equal(one: str, other: str) -> bool:
    """In constant time, whatever bytes the client sent."""
    return hmac.compare_digest(one.encode(), other.encode(errors="replace"))
