from __future__ import annotations

import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owari.services.s3 import checksums
from tests.services.s3.support import refused

# Published check values: the CRC of "123456789".
CHECK = {"crc32": 0xCBF43926, "crc32c": 0xE3069283, "crc64nvme": 0xAE8B14860A799888}


@pytest.mark.parametrize("algorithm", CHECK)
def test_published_check_values(algorithm: str) -> None:
    value = int.from_bytes(checksums._crc(algorithm, b"123456789"), "big")
    assert value == CHECK[algorithm]


@given(st.sampled_from(sorted(CHECK)), st.lists(st.binary(max_size=40), max_size=5))
def test_the_crc_of_the_whole_follows_from_the_parts(algorithm: str, parts: list[bytes]) -> None:
    sums = [(len(part), checksums.encode(checksums._crc(algorithm, part))) for part in parts]
    expected = checksums.encode(checksums._crc(algorithm, b"".join(parts)))
    assert checksums.full_object(algorithm, sums) == expected


def test_large_parts_combine_too() -> None:
    a, b = bytes(1_000_003), b"tail" * 999
    sums = [(len(x), checksums.encode(zlib.crc32(x).to_bytes(4, "big"))) for x in (a, b)]
    whole = zlib.crc32(a + b).to_bytes(4, "big")
    assert checksums.full_object("crc32", sums) == checksums.encode(whole)


def test_composite() -> None:
    digests = [hashlib.sha256(part).digest() for part in (b"one", b"two")]
    expected = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode() + "-2"
    assert checksums.composite("sha256", [checksums.encode(d) for d in digests]) == expected


def test_multipart_etag() -> None:
    etags = [hashlib.md5(part).hexdigest() for part in (b"one", b"two")]
    joined = b"".join(bytes.fromhex(etag) for etag in etags)
    assert checksums.multipart_etag(etags) == hashlib.md5(joined).hexdigest() + "-2"


@pytest.mark.parametrize(
    ("algorithm", "wanted", "chosen"),
    [
        ("crc32", None, "COMPOSITE"),
        ("crc32", "FULL_OBJECT", "FULL_OBJECT"),
        ("crc64nvme", None, "FULL_OBJECT"),
        ("sha256", None, "COMPOSITE"),
        ("sha256", "FULL_OBJECT", None),
        ("crc64nvme", "COMPOSITE", None),
        ("crc32", "HALF", None),
    ],
)
def test_types(algorithm: str, wanted: str | None, chosen: str | None) -> None:
    if chosen is None:
        with refused("InvalidRequest", 400):
            checksums.type_of(algorithm, wanted)
    else:
        assert checksums.type_of(algorithm, wanted) == chosen


def test_content_md5() -> None:
    digest = hashlib.md5(b"x").digest()
    checksums.check_content_md5(None, digest)
    checksums.check_content_md5(checksums.encode(digest), digest)
    with refused("BadDigest", 400):
        checksums.check_content_md5(checksums.encode(hashlib.md5(b"y").digest()), digest)
    for text in ("nonsense", "AAAA", "é"):
        with refused("InvalidDigest", 400):
            checksums.check_content_md5(text, digest)
