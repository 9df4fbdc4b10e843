"""Process runs in a real container runtime, where there is one."""

from __future__ import annotations

import hashlib
import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.compute import containers
from tests.compute.lab import Lab
from tests.support.container import image, program
from tests.support.server import eventually

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("data")).up()
    yield made
    made.down()


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return image(tmp_path_factory.mktemp("image"))


def printed(lab: Lab, name: str, *command: str, **more: Any) -> list[str]:
    return lab.printed(list(command), image=name, **more)


def remaining(lab: Lab) -> str:
    """Of this agent: other tests run beside this one."""
    mark = hashlib.sha256(os.fsencode(lab.config.agent_folder.resolve())).hexdigest()[:16]
    listed = [program(), "ps", "--all", "--quiet", "--filter", f"label={containers.LABEL}={mark}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout


def test_the_images_own_entrypoint_and_command(lab: Lab, name: str) -> None:
    lines = printed(lab, name, variables={"MINE": "a b"})
    assert lines[0] == "entry in /srv"
    assert {"GREETING=hello", "MINE=a b", "AWS_ACCESS_KEY_ID=ASIA123456789012"} <= set(lines)
    assert not any(line.startswith("OWARI") for line in lines)


def test_another_command_and_another_entrypoint(lab: Lab, name: str) -> None:
    assert printed(lab, name, "/bin/sh", "-c", "echo mine") == ["entry in /srv", "mine"]
    other = ["/bin/sh", "-c"]
    assert printed(lab, name, "echo $PWD", entry_point=other, folder="/etc") == ["/etc"]


def test_user_mounts_and_limits(lab: Lab, name: str, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("given\n")
    mounts = [
        {"source": str(tmp_path), "target": "/data", "read_only": True},
        {"source": None, "target": "/scratch", "read_only": False},
        {"source": None, "shared": "task/v", "target": "/shared", "read_only": False},
    ]
    line = (
        "cat /data/given; touch /data/x || echo refused; echo s > /scratch/f; cat /scratch/f;"
        " echo t > /shared/f; ulimit -n; mount | while read l; do case $l in *tmpfs*/ram*)"
        " echo ram;; esac; done"
    )
    limits = [["nofile", 77, 88]]
    entry = {"entry_point": ["/bin/sh", "-c"]}
    lines = printed(lab, name, line, mounts=mounts, tmpfs_mib={"/ram": 4}, ulimits=limits, **entry)
    assert [text for text in lines if "touch" not in text] == ["given", "refused", "s", "77", "ram"]
    shared = [mounts[2]]
    assert printed(lab, name, "cat /shared/f", mounts=shared, **entry) == ["t"]
    assert printed(lab, name, "id -u", user="worker", **entry) == ["1234"]


def test_it_reaches_what_listens_on_this_machine(lab: Lab, name: str) -> None:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"reached\n")

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        assert printed(lab, name, "/bin/wget", "-q", "-O", "-", url)[-1] == "reached"


def kernel_noted() -> int:
    """Containers that ran out of memory, by the kernel's log."""
    log = subprocess.run(["dmesg"], capture_output=True, text=True).stdout
    return sum("oom_memcg=" in line and "libpod" in line for line in log.splitlines())


def test_how_it_ends(lab: Lab, name: str) -> None:
    entry = {"image": name, "entry_point": ["/bin/sh", "-c"]}
    assert lab.run_process(["exit 3"], **entry)["exit_code"] == 3
    report = lab.run_process(["/no/such"], image=name, entry_point=["/no/such/entry"])
    assert (report["status"], report["exit_code"]) == ("failed", None), report
    assert report["reason"].startswith("CannotStartContainerError: ")
    report = lab.run_process(["sleep 1000"], timeout_s=2.0, grace_s=1.0, **entry)
    assert report["reason"] == "Job attempt duration exceeded timeout"
    hungry = "x=a; while true; do x=$x$x; done"
    before = kernel_noted()
    report = lab.run_process([hungry], memory_mib=64, **entry)
    assert report["exit_code"] == 137
    if kernel_noted() > before:  # it keeps quiet when many run out of memory at once
        assert report["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert remaining(lab) == ""


def begin(lab: Lab, name: str, line: str, **more: Any) -> dict[str, Any]:
    spec = lab.process(["/bin/sh", "-c", line], image=name, **more)
    lab.start_spec(spec)
    lab.wait(lambda: "up" in lab.output({"log_stream": spec["log_stream"]}), PATIENCE_S)
    return spec


def test_sigterm_reaches_it_and_sigkill_ends_it(lab: Lab, name: str) -> None:
    orderly = begin(lab, name, "trap 'exit 7' TERM; echo up; while true; do sleep 0.1; done")
    lab.cancel(orderly)
    report = lab.report_of(orderly)
    assert (report["status"], report["exit_code"]) == ("cancelled", 7)
    deaf = begin(lab, name, "trap '' TERM; echo up; while true; do sleep 0.1; done", grace_s=0.5)
    lab.cancel(deaf)
    assert lab.report_of(deaf)["exit_code"] == 137
    assert remaining(lab) == ""


def test_another_command_inside(lab: Lab, name: str) -> None:
    spec = begin(lab, name, "echo here > /srv/mark; echo up; sleep 1000", grace_s=0.2)
    inside = {"inside": spec["run_id"], "image": name}
    assert lab.printed(["/bin/cat", "/srv/mark"], **inside) == ["here"]
    assert lab.run_process(["/bin/sh", "-c", "exit 5"], **inside)["exit_code"] == 5
    lab.cancel(spec)
    lab.report_of(spec)


def test_containers_of_an_agent_that_died_are_removed(name: str, tmp_path: Path) -> None:
    lab = Lab(tmp_path / "data").up()
    try:
        begin(lab, name, "echo up; sleep 1000")
        assert remaining(lab) != ""
        lab.kill_agent()
        lab.wait(lambda: len(lab.agents) == 2, PATIENCE_S)
        assert remaining(lab) == ""
        begin(lab, name, "echo up; sleep 1000")
    finally:
        lab.down()
    eventually(lambda: remaining(lab) == "")  # nor does an agent that ends leave any
