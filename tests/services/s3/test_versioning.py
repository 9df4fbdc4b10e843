"""Versioning as a state machine: the service against lists of versions kept in memory."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.services.s3.support import Api, refused
from tests.support.world import World

KEYS = st.sampled_from(["a", "a/b", "é"])
DATA = st.sampled_from([b"", b"small", b"x" * 2000, b"y" * 3000])  # the last two lie in blobs


@dataclass
class Model:
    versioning: str = ""
    # key: versions, the newest first, as (id, data or None for a delete marker)
    history: dict[str, list[tuple[str, bytes | None]]] = field(default_factory=dict)

    def push(self, key: str, id: str, data: bytes | None) -> None:
        versions = self.history.setdefault(key, [])
        if id == "null":
            versions[:] = [v for v in versions if v[0] != "null"]
        versions.insert(0, (id, data))


class Versioning(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.api = Api(World(Path(self.folder)))
        self.api.CreateBucket(Bucket="bkt")
        self.model = Model()

    def teardown(self) -> None:
        self.api.world.close()
        shutil.rmtree(self.folder)

    @rule(status=st.sampled_from(["Enabled", "Suspended"]))
    def set_versioning(self, status: str) -> None:
        self.api.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": status})
        self.model.versioning = status

    def _id(self, answer: dict[str, Any]) -> str:
        id: str | None = answer.get("VersionId")
        match self.model.versioning:
            case "":
                assert id is None
            case "Enabled":
                assert id is not None and len(id) == 32
            case _:
                assert id == "null"
        return id or "null"

    @rule(key=KEYS, data=DATA)
    def put(self, key: str, data: bytes) -> None:
        self.model.push(key, self._id(self.api.put(key, data)), data)

    @rule(key=KEYS, source=KEYS)
    def copy(self, key: str, source: str) -> None:
        versions = self.model.history.get(source)
        if key == source or not versions or versions[0][1] is None:
            return
        answer = self.api.CopyObject(Bucket="bkt", Key=key, CopySource=f"bkt/{source}")
        self.model.push(key, self._id(answer), versions[0][1])

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        answer = self.api.DeleteObject(Bucket="bkt", Key=key)
        if self.model.versioning:
            assert answer["DeleteMarker"] is True
            self.model.push(key, self._id(answer), None)
        else:
            assert answer == {}
            self.model.history.pop(key, None)

    @rule(key=KEYS, at=st.integers(0, 5))
    def delete_version(self, key: str, at: int) -> None:
        versions = self.model.history.get(key, [])
        if at >= len(versions):
            return
        id, data = versions.pop(at)
        answer = self.api.DeleteObject(Bucket="bkt", Key=key, VersionId=id)
        assert answer == {"VersionId": id} | ({"DeleteMarker": True} if data is None else {})

    @rule()
    def crash(self) -> None:
        self.api.world.crash()

    @invariant()
    def every_version_is_read_back(self) -> None:
        for key, versions in self.model.history.items():
            for id, data in versions:
                if data is None:
                    with refused("MethodNotAllowed", 405):
                        self.api.get(key, VersionId=id)
                else:
                    assert self.api.get(key, VersionId=id) == data
            if versions and versions[0][1] is not None:
                assert self.api.get(key) == versions[0][1]
            else:
                with refused("NoSuchKey", 404, Key=key):
                    self.api.get(key)

    @invariant()
    def listings_agree(self) -> None:
        history = {key: v for key, v in self.model.history.items() if v}
        shown = sorted(key for key, versions in history.items() if versions[0][1] is not None)
        assert self.api.keys() == shown
        expected = [
            (key, id, at == 0)
            for key in sorted(history)
            for at, (id, _data) in enumerate(history[key])
        ]
        assert self._listed(2) == expected == self._listed(1000)

    def _listed(self, most: int) -> list[tuple[str, str, bool]]:
        found = []
        params: dict[str, Any] = {"Bucket": "bkt", "MaxKeys": most}
        while True:
            page = self.api.ListObjectVersions(**params)
            entries = page["Versions"] + page["DeleteMarkers"]
            found += [(e["Key"], e["VersionId"], e["IsLatest"]) for e in entries]
            if not page["IsTruncated"]:
                break
            params |= {
                "KeyMarker": page["NextKeyMarker"],
                "VersionIdMarker": page["NextVersionIdMarker"],
            }
        order = {
            (key, id): at
            for key, versions in self.model.history.items()
            for at, (id, _) in enumerate(versions)
        }
        return sorted(found, key=lambda v: (v[0], order[v[0], v[1]]))

    @invariant()
    def blobs_are_counted_right(self) -> None:
        rows = self.api.world.kernel.writer.execute("SELECT pieces FROM s3_object").fetchall()
        large = [
            data
            for versions in self.model.history.values()
            for _id, data in versions
            if data and len(data) > 1024
        ]
        assert sum(self.api.references().values()) == len(large)
        assert sum(row["pieces"] is not None for row in rows) == len(large)


TestVersioning = Versioning.TestCase
TestVersioning.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_versions_with_a_delimiter_and_a_marker(s3: Api) -> None:
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "b/1", "b/2", "c", "c"):
        s3.put(key)
    first = s3.ListObjectVersions(Bucket="bkt", Delimiter="/", MaxKeys=2)
    assert [v["Key"] for v in first["Versions"]] == ["a"]
    assert first["CommonPrefixes"] == [{"Prefix": "b/"}]
    assert first["NextKeyMarker"] == "b/" and "NextVersionIdMarker" not in first
    rest = s3.ListObjectVersions(Bucket="bkt", Delimiter="/", KeyMarker="b/")
    assert [(v["Key"], v["IsLatest"]) for v in rest["Versions"]] == [("c", True), ("c", False)]
    assert rest["CommonPrefixes"] == []
    with refused("InvalidArgument", 400):
        s3.ListObjectVersions(Bucket="bkt", VersionIdMarker="null")


def test_versions_that_are_not_there(s3: Api) -> None:
    s3.put("k")
    with refused("InvalidArgument", 400, ArgumentName="versionId"):
        s3.get("k", VersionId="nonsense")
    with refused("NoSuchVersion", 404, Key="k", VersionId="A" * 32):
        s3.get("k", VersionId="A" * 32)
    assert s3.DeleteObject(Bucket="bkt", Key="k", VersionId="A" * 32) == {"VersionId": "A" * 32}
    assert s3.get("k", VersionId="null") == b""


def test_a_delete_marker_says_so_in_headers(s3: Api) -> None:
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Enabled"})
    id = s3.DeleteObject(Bucket="bkt", Key="k")["VersionId"]
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": id}
    with refused("NoSuchKey", 404) as caught:
        s3.HeadObject(Bucket="bkt", Key="k")
    assert caught[0].headers == headers
    with refused("MethodNotAllowed", 405, Method="HEAD", ResourceType="DeleteMarker") as caught:
        s3.HeadObject(Bucket="bkt", Key="k", VersionId=id)
    assert headers.items() <= caught[0].headers.items()


def test_versioning_needs_a_status(s3: Api) -> None:
    assert s3.GetBucketVersioning(Bucket="bkt") == {}
    with refused("IllegalVersioningConfigurationException", 400):
        s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={})
    s3.PutBucketVersioning(Bucket="bkt", VersioningConfiguration={"Status": "Suspended"})
    assert s3.GetBucketVersioning(Bucket="bkt") == {"Status": "Suspended"}
