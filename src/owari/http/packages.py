"""Deployment packages under signed URLs: where `Code.Location` of GetFunction leads.

/_owari/code/SHA256?Expires=EPOCH_SECONDS&Signature=SEAL
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from owari.credentials import Issuer
from owari.store.blobs import BlobStore
from owari.wire.message import Body, Request, Response, Segment

PREFIX = "/_owari/code/"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Packages:
    """`now`: real time, epoch seconds."""

    blobs: BlobStore
    issuer: Issuer
    now: Callable[[], float]

    def answer(self, request: Request) -> Response | None:
        """None when the URL is not ours, holds no more, or its package has been deleted."""
        digest = request.path.removeprefix(PREFIX)
        query = parse_qs(request.query)
        expires, seal = (query.get(key, [""])[0] for key in ("Expires", "Signature"))
        if not _DIGEST.fullmatch(digest) or not self.issuer.sealed(f"{digest}:{expires}", seal):
            return None
        if self.now() > int(expires):
            return None
        path = self.blobs.path(digest)
        if not path.is_file():
            return None
        headers = [("Content-Type", "application/zip"), ("Cache-Control", "no-store")]
        segment = Segment(path=str(path), length=path.stat().st_size)
        return Response(200, headers, Body((segment,)))
