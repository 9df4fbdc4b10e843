"""What a bucket and an object version are, and how they are named. Pure.

A version is one row: content (pieces of blobs, or bytes inside the row), description (`Meta`)
and its place in its key's history (`seq`, growing in commit order).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from owari.services.s3.pieces import Piece

NULL = "null"  # the version id of an object stored while versioning is not enabled


@dataclass(frozen=True, slots=True)
class Bucket:
    """`versioning` is "", "Enabled" or "Suspended"; a bucket never returns to ""."""

    name: str
    account: str
    region: str
    created: float
    versioning: str
    ownership: str | None
    encryption: dict[str, Any] | None
    notification: dict[str, Any] | None

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:::{self.name}"

    @property
    def acls_enabled(self) -> bool:
        """Unless somebody said BucketOwnerEnforced. AWS has that on every new bucket since April
        2023; here nobody need take it off for a program written before, which sets ACLs."""
        return self.ownership != "BucketOwnerEnforced"


@dataclass(frozen=True, slots=True)
class Content:
    """What was stored: where its bytes lie, and the digests known of them.

    `checksums` maps algorithm to base64 text, composite ones with their `-N`; `parts` is one
    (size, checksums) per part of a multipart upload, else empty.
    """

    size: int
    etag: str
    pieces: tuple[Piece, ...] = ()
    body: bytes | None = None
    checksums: dict[str, str] = field(default_factory=dict)
    checksum_type: str = "FULL_OBJECT"
    parts: tuple[tuple[int, dict[str, str]], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """All that describes an object besides its content, as an upload gave it.

    `headers` holds boto3-named members that GetObject returns as they are.
    """

    headers: dict[str, Any]
    metadata: dict[str, str]
    tags: dict[str, str]
    acl: dict[str, Any] | None
    owner: str


@dataclass(frozen=True, slots=True)
class Version:
    bucket: str
    key: str
    seq: int
    id: str
    marker: bool
    modified: float
    content: Content
    draft: Draft
    upload: str | None = None  # the multipart upload it came from

    @property
    def storage_class(self) -> str:
        return str(self.draft.headers.get("StorageClass", "STANDARD"))

    @property
    def quoted_etag(self) -> str:
        return f'"{self.content.etag}"'


def owner_id(account: str) -> str:
    """The account's canonical user id: 64 hexadecimal digits, always the same."""
    return hashlib.sha256(f"canonical user of {account}".encode()).hexdigest()


def owner(account: str) -> dict[str, str]:
    return {"ID": owner_id(account)}


# ---- version ids: the sequence number and 16 random bytes, so that one is found by its key
def version_id(seq: int, noise: int) -> str:
    """32 characters; `noise` is 128 random bits."""
    raw = seq.to_bytes(8, "big") + noise.to_bytes(16, "big")
    return base64.b64encode(raw, b"._").decode()


_VERSION_ID = re.compile(r"[A-Za-z0-9._]{32}")


def version_seq(text: str) -> int | None:
    """The sequence number in a version id; None when it cannot be one."""
    if not _VERSION_ID.fullmatch(text):
        return None
    return int.from_bytes(base64.b64decode(text, b"._")[:8], "big")


def copy_content(source: Content, etag: str, checksums: dict[str, str]) -> Content:
    """The same bytes as one object: a copy has no parts."""
    return Content(source.size, etag, source.pieces, source.body, checksums)
