"""S3: small objects against the client's own floor, big ones against a bare server."""

from __future__ import annotations

from bench.report import Figure, ratio
from bench.setting import BIG, Setting, median, samples

SMALL = b"x" * 1024


def small(s: Setting) -> list[Figure]:
    client, floor = s.client("s3"), s.client("s3", floor=True)
    client.create_bucket(Bucket="bench")
    figures = []
    for name, act in (
        ("put", lambda c: c.put_object(Bucket="bench", Key="small", Body=SMALL)),
        ("get", lambda c: c.get_object(Bucket="bench", Key="small")["Body"].read()),
    ):
        bare = samples(300, lambda act=act: act(floor))
        real = samples(300, lambda act=act: act(client))
        figures.append(ratio(f"S3 1 KiB {name}, p50", median(real), median(bare), 2))
    return figures


def big(s: Setting) -> list[Figure]:
    client, floor = s.client("s3"), s.client("s3", floor=True)
    body = bytes(range(256)) * (BIG // 256)
    figures = []
    for name, goal, act in (
        ("put", 2.0, lambda c: c.put_object(Bucket="bench", Key="big", Body=body)),
        ("get", 1.5, lambda c: _drain(c.get_object(Bucket="bench", Key="big")["Body"])),
    ):
        bare = samples(5, lambda act=act: act(floor), warm=1)
        real = samples(5, lambda act=act: act(client), warm=1)
        rate = BIG / median(real) / 1e6
        figures.append(
            ratio(f"S3 64 MiB {name} ({rate:.0f} MB/s), p50", median(real), median(bare), goal)
        )
    return figures


def _drain(body) -> int:  # type: ignore[no-untyped-def]
    return sum(len(chunk) for chunk in body.iter_chunks(1024 * 1024))
