from __future__ import annotations

import pytest

from owari.limits import Limits
from owari.services.s3.core import version_id, version_seq
from owari.services.s3.names import check_bucket_name, check_key, is_bucket_name
from tests.services.s3.support import refused

GOOD = ["abc", "a1-b2", "my.bucket.name", "0abc", "a" * 63, "1.2.3", "a-b.c-d"]
BAD = [
    "", "ab", "a" * 64, "Abc", "a_b", "-abc", "abc-", "a..b", ".abc", "abc.", "a.-b", "a-.b",
    "192.168.5.4", "xn--abc", "sthree-abc", "amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3",
    "abc.mrap", "abc--x-s3", "abc--table-s3", "a b", "a/b", "abc\n", "bücket",
]  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_bucket_names(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize("name", BAD)
def test_bad_bucket_names(name: str) -> None:
    assert not is_bucket_name(name)
    with refused("InvalidBucketName", 400):
        check_bucket_name(name)


def test_a_key_is_measured_in_bytes() -> None:
    check_key("é" * 512, Limits())
    with refused("KeyTooLongError", 400, Size="1026", MaxSizeAllowed="1024"):
        check_key("é" * 513, Limits())
    with refused("InvalidURI", 400):
        check_key("\udc80", Limits())


def test_a_version_id_tells_its_place() -> None:
    id = version_id(2**40 + 7, 2**128 - 1)
    assert len(id) == 32
    assert version_seq(id) == 2**40 + 7


@pytest.mark.parametrize("text", ["", "null", "x" * 31, "x" * 33, "/" * 32, "-" * 32, "é" * 32])
def test_what_is_no_version_id(text: str) -> None:
    assert version_seq(text) is None
