"""Temporary credentials without a table: the session token says whose they are, and is signed.

Signed URLs of our own pages are made with the same secret (`seal`).

The access key id and secret of a session are derived from its token and the data folder's own
secret, so any process that holds the secret can verify a request and nothing need be stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str
    token: str
    expires: float  # epoch seconds, real time


@dataclass(frozen=True, slots=True)
class Session:
    """What a valid session token says."""

    account: str
    arn: str  # arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
    expires: float
    secret_key: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Makes and checks session credentials with the data folder's `secret`."""

    secret: bytes

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.new(self.secret, f"{purpose}:{text}".encode(), hashlib.sha256).digest()

    def issue(self, account: str, arn: str, expires: float) -> Credentials:
        """Credentials for the assumed-role (or federated) principal `arn`."""
        claims = json.dumps([account, arn, expires], separators=(",", ":"))
        body = base64.urlsafe_b64encode(claims.encode()).decode()
        token = f"{body}.{base64.urlsafe_b64encode(self._mac('token', body)).decode()}"
        return Credentials(self._access_key(token), self._secret_key(token), token, expires)

    def _access_key(self, token: str) -> str:
        return "ASIA" + base64.b32encode(self._mac("id", token)).decode()[:16]

    def _secret_key(self, token: str) -> str:
        return base64.b64encode(self._mac("secret", token)).decode()[:40]

    def seal(self, text: str) -> str:
        """Shows that `text` came from us: hex digits, for a URL."""
        return self._mac("seal", text).hex()

    def sealed(self, text: str, seal: str) -> bool:
        return hmac.compare_digest(self.seal(text).encode(), seal.encode())

    def verify(self, access_key: str, token: str) -> Session | None:
        """None when the token is not ours or belongs to another key. Expiry is the caller's."""
        body, _, mac = token.partition(".")
        expected = base64.urlsafe_b64encode(self._mac("token", body)).decode()
        if not hmac.compare_digest(mac, expected) or self._access_key(token) != access_key:
            return None
        account, arn, expires = json.loads(base64.urlsafe_b64decode(body))
        return Session(account, arn, expires, self._secret_key(token))
