"""Who signed: what an `Authorization` header or a presigned query says, before it is verified."""

from __future__ import annotations

import re
from dataclasses import dataclass

ALGORITHM = "AWS4-HMAC-SHA256"

_REGION = re.compile(r"[a-z0-9-]{1,32}")
_ACCESS_KEY = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Credential:
    """`ACCESSKEY/20260101/us-east-1/s3/aws4_request`."""

    access_key: str
    date: str
    region: str
    service: str  # the signing name

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True)
class Signed:
    """A claim to be `credential`. `presigned` holds the query's date and lifetime."""

    credential: Credential
    signed_headers: tuple[str, ...]
    signature: str
    presigned: tuple[str, str] | None = None  # X-Amz-Date, X-Amz-Expires
    token: str | None = None


def parse_credential(text: str) -> Credential | None:
    parts = text.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        return None
    access_key, date, region, service, _ = parts
    if not _REGION.fullmatch(region) or not _ACCESS_KEY.fullmatch(access_key):
        return None
    return Credential(access_key, date, region, service)


def parse_authorization(header: str, token: str | None) -> Signed | None:
    """None when it is not a complete SigV4 header."""
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        return None
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    credential = parse_credential(fields.get("Credential", ""))
    headers, signature = fields.get("SignedHeaders"), fields.get("Signature")
    if credential is None or not headers or not signature:
        return None
    return Signed(credential, tuple(headers.split(";")), signature, token=token)


def parse_presigned(query: dict[str, str]) -> Signed | None:
    """None when it is not a complete presigned SigV4 query (or POST form)."""
    credential = parse_credential(query.get("x-amz-credential", ""))
    signature, date = query.get("x-amz-signature"), query.get("x-amz-date")
    if query.get("x-amz-algorithm") != ALGORITHM or not (credential and signature and date):
        return None
    headers = tuple(query.get("x-amz-signedheaders", "").split(";"))
    expires = query.get("x-amz-expires", "")
    token = query.get("x-amz-security-token")
    return Signed(credential, headers, signature, (date, expires), token)
