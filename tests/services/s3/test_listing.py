"""Listings against a naive model: sorted keys, grouped and cut by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from owari.services.s3 import paging
from owari.services.s3.paging import Position, Query, walk
from tests.services.s3.support import Api, refused
from tests.support.world import World

ALPHABET = "ab/\uffff\U0010ffff\ud7ff"
keys = st.text(ALPHABET, min_size=1, max_size=5)
prefixes = st.text(ALPHABET, max_size=2)
delimiters = st.sampled_from(["", "/", "a", "/b", "\U0010ffff"])


def model(names: Iterable[str], prefix: str, delimiter: str, after: str) -> list[tuple[str, bool]]:
    """(name, is a common prefix) in order, of keys behind `after`."""
    listed: list[tuple[str, bool]] = []
    for key in sorted(names, key=lambda k: k.encode()):
        if not key.startswith(prefix) or not key.encode() > after.encode():
            continue
        rest = key[len(prefix) :]
        if delimiter and delimiter in rest:
            entry = (prefix + rest.partition(delimiter)[0] + delimiter, True)
        else:
            entry = (key, False)
        if entry not in listed:
            listed.append(entry)
    return listed


def source(names: set[str]) -> Any:
    ordered = sorted(names)

    def rows(at: Position) -> Iterator[tuple[Position, str]]:
        return ((Position(n, 0), n) for n in ordered if Position(n, 0) >= at)

    return rows


@given(st.sets(keys, max_size=20), prefixes, delimiters, st.one_of(st.just(""), keys))
def test_one_page_is_what_the_model_says(
    names: set[str], prefix: str, delimiter: str, after: str
) -> None:
    start = paging.after_key(after) if after else Position("")
    page = walk(Query(prefix, delimiter, start), source(names))
    expected = model(names, prefix, delimiter, after)
    assert page.items == [name for name, common in expected if not common]
    assert page.prefixes == [name for name, common in expected if common]
    assert not page.truncated


@given(st.sets(keys, max_size=20), prefixes, delimiters, st.integers(1, 4))
def test_pages_together_are_the_whole(
    names: set[str], prefix: str, delimiter: str, most: int
) -> None:
    listed: list[tuple[str, bool]] = []
    start: Position | None = Position("")
    while start is not None:
        page = walk(Query(prefix, delimiter, start, most=most), source(names))
        found = [(n, False) for n in page.items] + [(n, True) for n in page.prefixes]
        assert len(found) == page.count <= most
        assert page.count == most or not page.truncated
        listed += sorted(found, key=lambda entry: entry[0].encode())
        start = page.resume if page.truncated else None
    assert listed == model(names, prefix, delimiter, "")


def test_a_common_prefix_is_jumped_over_not_walked() -> None:
    names = {f"{folder:03d}/{n:04d}" for folder in range(5) for n in range(1000)}
    seen = 0
    rows = source(names)

    def counted(at: Position) -> Iterator[tuple[Position, str]]:
        nonlocal seen
        for row in rows(at):
            seen += 1
            yield row

    assert len(walk(Query("", "/"), counted).prefixes) == 5
    assert seen == 5


@pytest.mark.parametrize(
    ("prefix", "behind"),
    [("a/", "a0"), ("a\ud7ff", "a\ue000"), ("a\U0010ffff", "b"), ("\U0010ffff", None), ("", None)],
)
def test_behind_a_prefix(prefix: str, behind: str | None) -> None:
    at = paging.after_prefix(prefix)
    assert (at.key if at else None) == behind


# ---- through the operations, on SQLite
@pytest.fixture(scope="module")
def shelf() -> Iterator[Api]:
    """One bucket whose content is replaced for every example."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        api = Api(world)
        api.CreateBucket(Bucket="bkt")
        yield api
        world.close()


def fill(api: Api, names: set[str]) -> None:
    present = set(api.keys())
    for key in present - names:
        api.DeleteObject(Bucket="bkt", Key=key)
    for key in names - present:
        api.put(key, b"x")


def pages_v1(api: Api, **params: Any) -> Iterator[dict[str, Any]]:
    page = api.ListObjects(Bucket="bkt", **params)
    yield page
    while page["IsTruncated"]:
        last = page.get("NextMarker") or page["Contents"][-1]["Key"]
        page = api.ListObjects(Bucket="bkt", **(params | {"Marker": last}))
        yield page


def pages_v2(api: Api, **params: Any) -> Iterator[dict[str, Any]]:
    page = api.ListObjectsV2(Bucket="bkt", **params)
    yield page
    while page["IsTruncated"]:
        token = page["NextContinuationToken"]
        page = api.ListObjectsV2(Bucket="bkt", **(params | {"ContinuationToken": token}))
        yield page


def listed(pages: Iterator[dict[str, Any]]) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for page in pages:
        some = [(entry["Key"], False) for entry in page["Contents"]]
        some += [(entry["Prefix"], True) for entry in page["CommonPrefixes"]]
        found += sorted(some, key=lambda entry: entry[0].encode())
    return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sets(keys, max_size=12), prefixes, delimiters, st.integers(1, 5))
def test_both_versions_list_what_the_model_says(
    shelf: Api, names: set[str], prefix: str, delimiter: str, most: int
) -> None:
    fill(shelf, names)
    params = {"Prefix": prefix, "Delimiter": delimiter, "MaxKeys": most}
    expected = model(names, prefix, delimiter, "")
    assert listed(pages_v1(shelf, **params)) == expected
    assert listed(pages_v2(shelf, **params)) == expected


def test_start_after_and_marker_within_a_common_prefix(s3: Api) -> None:
    for key in ("a/1", "a/2", "b/1"):
        s3.put(key)
    v2 = s3.ListObjectsV2(Bucket="bkt", Delimiter="/", StartAfter="a/1")
    assert v2["CommonPrefixes"] == [{"Prefix": "a/"}, {"Prefix": "b/"}]
    v1 = s3.ListObjects(Bucket="bkt", Delimiter="/", Marker="a/1")
    assert v1["CommonPrefixes"] == [{"Prefix": "b/"}]


def test_the_shape_of_an_answer(s3: Api) -> None:
    s3.put("a b/ü", b"123")
    page = s3.ListObjectsV2(Bucket="bkt", EncodingType="url", FetchOwner=True, MaxKeys=5000)
    assert page["MaxKeys"] == 1000 and page["KeyCount"] == 1 and page["EncodingType"] == "url"
    entry = page["Contents"][0]
    assert entry["Key"] == "a+b/%C3%BC" and unquote_plus(entry["Key"]) == "a b/ü"
    assert (entry["Size"], entry["StorageClass"]) == (3, "STANDARD")
    assert entry["ETag"] == '"202cb962ac59075b964b07152d234b70"'
    assert len(entry["Owner"]["ID"]) == 64
    assert "Owner" not in s3.ListObjectsV2(Bucket="bkt")["Contents"][0]


def test_bad_arguments(s3: Api) -> None:
    with refused("InvalidArgument", 400):
        s3.ListObjects(Bucket="bkt", MaxKeys=-1)
    with refused("InvalidArgument", 400):
        s3.ListObjectsV2(Bucket="bkt", EncodingType="rot13")
    for token in ("", "%", "é", "/w=="):
        with refused("InvalidArgument", 400):
            s3.ListObjectsV2(Bucket="bkt", ContinuationToken=token)
    with refused("NoSuchBucket", 404, BucketName="other"):
        s3.ListObjectsV2(Bucket="other")
    nothing = s3.ListObjectsV2(Bucket="bkt", MaxKeys=0)
    assert not nothing["IsTruncated"] and nothing["KeyCount"] == 0
