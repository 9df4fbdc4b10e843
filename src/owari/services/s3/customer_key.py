"""A customer's own key (SSE-C), as three headers bring it. Pure.

Source: S3 User Guide, "Using server-side encryption with customer-provided keys (SSE-C)".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from owari.errors import ServiceError
from owari.services.s3.errors import invalid_argument

_NAMES = {
    "": "x-amz-server-side-encryption",
    "CopySource": "x-amz-copy-source-server-side-encryption",
}
_MUST = "Requests specifying Server Side Encryption with Customer provided keys must provide"
KEY_BYTES = 32


def customer_key(p: Mapping[str, Any], prefix: str = "") -> str | None:
    """The MD5 (base64) of the key that a request brings; None when it brings none.

    `prefix`: "CopySource" for the key of a copy's source. Raises ServiceError.
    """
    algorithm, key, md5 = (
        p.get(f"{prefix}SSECustomer{name}") for name in ("Algorithm", "Key", "KeyMD5")
    )
    if algorithm is None and key is None and md5 is None:
        return None
    header = f"{_NAMES[prefix]}-customer"
    if not algorithm:
        raise invalid_argument(f"{_MUST} a valid encryption algorithm.", f"{header}-algorithm")
    if algorithm != "AES256":
        raise ServiceError(
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
            status=400,
            fields={"ArgumentName": f"{header}-algorithm", "ArgumentValue": algorithm},
        )
    if not key:
        raise invalid_argument(f"{_MUST} an appropriate secret key.", f"{header}-key")
    if not md5:
        raise invalid_argument(
            f"{_MUST} the client calculated MD5 of the secret key.", f"{header}-key-MD5"
        )
    if md5 != _md5_of(key, header):
        raise invalid_argument(
            "The calculated MD5 hash of the key did not match the hash that was provided.",
            f"{header}-key-MD5",
            md5,
        )
    return str(md5)


def _md5_of(text: str, header: str) -> str:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise invalid_argument(
            "The secret key was invalid for the specified algorithm.", f"{header}-key"
        )
    return base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest()).decode()
