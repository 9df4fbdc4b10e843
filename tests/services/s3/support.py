"""Calling S3 as boto3 does: `api.PutObject(Bucket=…)`; bodies received as the server would."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from owari.errors import ServiceError
from owari.services.s3 import checksums
from owari.wire.message import Body, Upload
from tests.support.world import World

INLINE_MAX = 1024  # small, so that tests of a few KiB exercise blobs


class Api:
    def __init__(self, world: World) -> None:
        self.world = world

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        return lambda **params: self.world.call("s3", name, **params)

    def put(self, key: str, data: bytes = b"", bucket: str = "bkt", **params: Any) -> Any:
        return self.PutObject(Bucket=bucket, Key=key, Body=self.upload(data), **params)

    def get(self, key: str, bucket: str = "bkt", **params: Any) -> bytes:
        return read(self.GetObject(Bucket=bucket, Key=key, **params)["Body"])

    def keys(self, bucket: str = "bkt", **params: Any) -> list[str]:
        page = self.ListObjectsV2(Bucket=bucket, **params)
        return [entry["Key"] for entry in page["Contents"]]

    def upload(self, data: bytes, *algorithms: str) -> Upload:
        """A body the server has received: large ones already lie in the blob store."""
        sums = {name: checksums.compute(name, [data]) for name in algorithms}
        made = Upload(len(data), hashlib.md5(data).digest(), data, None, sums)
        if len(data) <= INLINE_MAX:
            return made
        store = self.world.kernel.blobs
        temporary = store.new()
        temporary.write_bytes(data)
        return replace(made, data=None, blob=store.adopt(temporary))

    def limit(self, **limits: int) -> None:
        """Other limits than AWS's, to test them with little data."""
        self.world.kernel.limits = replace(self.world.kernel.limits, **limits)

    def references(self) -> dict[str, int]:
        """Blobs that somebody keeps, and how often."""
        rows = self.world.kernel.writer.execute("SELECT id, refs FROM blob").fetchall()
        assert all(row["refs"] >= 0 for row in rows)
        return {row["id"]: row["refs"] for row in rows if row["refs"]}


def read(body: Body) -> bytes:
    """What the server would send."""
    parts = []
    for segment in body.segments:
        if segment.data is not None:
            parts.append(segment.data)
        else:
            assert segment.path is not None
            data = Path(segment.path).read_bytes()
            parts.append(data[segment.offset : segment.offset + segment.length])
    data = b"".join(parts)
    assert len(data) == body.length
    return data


@contextmanager
def refused(code: str, status: int | None = None, **fields: str) -> Iterator[list[ServiceError]]:
    """The block raises ServiceError `code`; the list then holds it."""
    caught: list[ServiceError] = []
    with pytest.raises(ServiceError) as info:
        yield caught
    error = info.value
    caught.append(error)
    assert error.code == code, error
    assert status is None or error.status == status, error.status
    assert fields.items() <= error.fields.items(), error.fields
