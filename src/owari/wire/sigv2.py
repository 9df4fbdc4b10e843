"""Signature Version 2 of S3: what boto3 still puts into presigned URLs and forms unless told
otherwise (`signature_version="s3v4"`).

See the S3 API Reference, "Authenticating Requests using the REST API" (Signature Version 2,
"Query String Request Authentication Alternative").
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from owari.wire import timestamps
from owari.wire.message import Request
from owari.wire.qs import Pairs
from owari.wire.refusals import access_denied

# Query parameters that are part of the resource, and so of what is signed.
_SIGNED = frozenset(
    {
        *("accelerate", "acl", "analytics", "cors", "delete", "inventory", "lifecycle"),
        *("location", "logging", "metrics", "notification", "object-lock", "partNumber"),
        *("policy", "replication", "requestPayment", "restore", "select", "select-type"),
        *("storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId"),
        *("versioning", "versions", "website", "response-cache-control"),
        *("response-content-disposition", "response-content-encoding"),
        *("response-content-language", "response-content-type", "response-expires"),
    }
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a URL or form says has signed it. `expires`: epoch seconds as text; a form has none."""

    access_key: str
    signature: str
    expires: str
    token: str | None


def parse_url(query: Pairs) -> Claim | None:
    """None when nothing says that it is presigned in this way. Raises ServiceError."""
    found = dict(query)
    if "AWSAccessKeyId" not in found:
        return None
    if not (found["AWSAccessKeyId"] and found.get("Signature") and found.get("Expires")):
        raise access_denied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId"
            " parameters"
        )
    token = next((v for k, v in query if k.lower() == "x-amz-security-token"), None)
    return Claim(found["AWSAccessKeyId"], found["Signature"], found["Expires"], token)


def parse_form(fields: dict[str, str]) -> Claim | None:
    """`fields` by lower-case name. None when it is not complete."""
    access_key, signature = fields.get("awsaccesskeyid"), fields.get("signature")
    if not access_key or not signature:
        return None
    return Claim(access_key, signature, "", fields.get("x-amz-security-token"))


def check_expiry(claim: Claim, now: float) -> None:
    """Raises ServiceError when the URL holds no more. `now`: epoch seconds."""
    text = claim.expires
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise access_denied(f"Invalid date (should be seconds since epoch): {text[:64]}")
    if now > int(text):
        raise access_denied(
            "Request has expired",
            Expires=timestamps.iso8601(int(text)),
            ServerTime=timestamps.iso8601(now),
        )


def string_to_sign(request: Request, query: Pairs, claim: Claim, host_bucket: str | None) -> str:
    """`host_bucket`: the bucket, if the host name and not the path tells it."""
    signed = _headers(request, query)
    amz = [f"{name}:{signed[name]}\n" for name in sorted(signed) if name.startswith("x-amz-")]
    lines = (signed.get("content-md5", ""), signed.get("content-type", ""), claim.expires)
    resource = _resource(request.path, query, host_bucket)
    return "\n".join((request.method, *lines, "".join(amz) + resource))


def _headers(request: Request, query: Pairs) -> dict[str, str]:
    """A presigned URL may bear its headers as parameters."""
    named = {name.lower(): value for name, value in query}
    kept = {"content-md5", "content-type"}
    return {
        name: value.strip()
        for name, value in {**named, **request.headers}.items()
        if name in kept or name.startswith("x-amz-")
    }


def _resource(path: str, query: Pairs, host_bucket: str | None) -> str:
    place = path if host_bucket is None else f"/{host_bucket}{path}"
    signed = sorted((k, v) for k, v in query if k in _SIGNED)
    named = "&".join(f"{k}={v}" if v else k for k, v in signed)
    return f"{place}?{named}" if named else place


def sign(secret: str, text: str) -> str:
    digest = hmac.digest(secret.encode(), text.encode(errors="surrogateescape"), "sha1")
    return base64.b64encode(digest).decode()
