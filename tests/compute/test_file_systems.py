"""EFS file systems: one folder for functions, jobs and containers, for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from owari.compute.agent.file_systems import FileSystems
from owari.compute.runtime import settling
from owari.compute.runtime.faults import Fault
from tests.compute.lab import Lab
from tests.compute.test_provided import runtime

WRITE = """
    import os
    def handler(event, context):
        with open("/mnt/data/" + event, "a") as file:
            file.write(event)
        try:
            os.mkdir("/mnt/other")
        except OSError as error:
            return [os.listdir("/mnt"), sorted(os.listdir("/mnt/data")), error.errno]
    """
FILE_SYSTEM = {"file_systems": [{"id": "fs-0a", "target": "/mnt/data"}]}


@pytest.fixture(autouse=True)
def mountable(lab: Lab) -> None:
    if not all(one["own_tmp"] for one in lab.agent["interpreters"]):
        pytest.skip("this machine does not let us mount")


def shared(place: str) -> list[dict[str, Any]]:
    return [{"source": None, "target": place, "read_only": False, "shared": "fs-0a/"}]


def test_a_folder_within_a_file_system_stays_within_it(tmp_path: Path) -> None:
    systems = FileSystems(tmp_path)
    for root in ("in/here", "/in/here/", "../in/./here"):
        assert systems.place("fs-0a", root) == str(tmp_path / "fs-0a" / "in" / "here")
    assert systems.place("fs-0a") == str(tmp_path / "fs-0a")


def test_functions_and_jobs_share_a_file_system(lab: Lab) -> None:
    read_only = 30  # EROFS: nothing but the file system can be written to below /mnt
    assert lab.result(WRITE, "one", **FILE_SYSTEM) == [["data"], ["one"], read_only]
    job = lab.run_process("cat /srv/one && echo two > /srv/two", mounts=shared("/srv"))
    assert job["status"] == "ok", job
    assert lab.result(WRITE, "one", **FILE_SYSTEM)[1] == ["one", "two"]
    assert (lab.config.data / "efs" / "fs-0a" / "one").read_text() == "oneone"


def test_programs_see_it_too(lab: Lab) -> None:
    body = 'ask("POST", own + "/response", json.dumps(os.listdir("/mnt")))'
    spec = lab.spec(runtime(body), runtime="provided.al2023", **FILE_SYSTEM)
    assert lab.invoke_all([spec])[0]["payload"] == b'["data"]'


def test_it_outlives_the_agent(make_lab: Any) -> None:
    lab = make_lab()
    assert lab.result(WRITE, "one", **FILE_SYSTEM)[1] == ["one"]
    before = len(lab.agents)
    lab.kill_agent()
    lab.wait(lambda: len(lab.agents) > before)
    assert lab.result(WRITE, "two", **FILE_SYSTEM)[1] == ["one", "two"]


def test_without_mounts_it_is_refused(tmp_path: Path) -> None:
    meta: dict[str, Any] = {
        "zip": "",
        "opt": str(tmp_path),
        "layers_max_bytes": 0,
        "pycache": str(tmp_path / "pycache"),
        "file_systems": [[str(tmp_path), "/mnt/data"]],
    }
    with pytest.raises(Fault, match="/mnt/data: see `owari doctor`") as caught:
        settling.settle(meta, None)
    assert caught.value.kind == "Owari.MountFailure"


def test_what_cannot_be_mounted_fails_the_invocation(lab: Lab) -> None:
    nested: dict[str, Any] = {"environment": "other"} | FILE_SYSTEM
    nested["file_systems"] = [{"id": "fs-0a", "target": "/mnt/no/such/place"}]
    report = lab.invoke(WRITE, "one", **nested)
    assert (report["status"], report["code"]) == ("failed", "EFSMountFailureException")
    assert "/mnt/no/such/place" in report["message"]
