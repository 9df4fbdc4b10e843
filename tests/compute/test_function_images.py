"""Functions that are container images: a mapped folder, the host itself, a container runtime."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.compute import containers
from tests.compute.lab import Lab, Report, warm

BUSYBOX = shutil.which("busybox")
APPLETS = ("sh", "wget", "grep", "tr", "cut", "cat", "echo", "sleep", "mkdir", "ls", "id", "kill")
# A runtime of busybox alone: any image of a few kilobytes can have it.
CLIENT = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
while true; do
  wget -q -S -O /tmp/event "$api/invocation/next" 2> /tmp/headers || exit 1
  id=$(grep -i aws-request-id /tmp/headers | tr -d ' \\r' | cut -d: -f2)
  echo "event $(cat /tmp/event)"
  answer="[\\"$1\\",\\"$(cat /mark)\\",\\"$MINE\\",$(cat /tmp/event)]"
  wget -q -O /dev/null --post-data "$answer" "$api/invocation/$id/response"
done
"""

needs_busybox = pytest.mark.skipif(BUSYBOX is None, reason="needs a static busybox")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root folder of an image with nothing but busybox and the client."""
    folder = tmp_path / "root"
    for name in ("bin", "tmp", "proc", "dev", "sys", "etc"):
        (folder / name).mkdir(parents=True)
    assert BUSYBOX is not None
    shutil.copy(BUSYBOX, folder / "bin" / "busybox")
    for applet in APPLETS:
        (folder / "bin" / applet).symlink_to("busybox")
    (folder / "client").write_text(CLIENT)
    (folder / "client").chmod(0o755)
    (folder / "mark").write_text("inside")
    return folder


def spec(lab: Lab, image: str, event: Any, **config: Any) -> dict[str, Any]:
    return lab.spec(
        "", event, code="", image=image, image_config=config, runtime="", handler="",
        environment=f"{image} {config}", variables={"MINE": "mine"}, memory_mib=256,
    )  # fmt: skip


def invoke(lab: Lab, image: str, event: Any, **config: Any) -> Report:
    return lab.invoke_all([spec(lab, image, event, **config)])[0]


def mapped(lab: Lab, name: str, entry: dict[str, str]) -> None:
    (lab.config.data / "images.json").write_text(json.dumps({name: entry}))


@needs_busybox
def test_a_mapped_folder_is_the_root(lab: Lab, root: Path) -> None:
    mapped(lab, "mine:1", {"kind": "dir", "path": str(root)})
    given: dict[str, Any] = {"entry_point": ["/client"], "command": ["app.handler"]}
    first = invoke(lab, "mine:1", 1, **given)
    for n, report in ((1, first), (2, warm(lambda: invoke(lab, "mine:1", 2, **given)))):
        assert json.loads(report["payload"]) == ["app.handler", "inside", "mine", n], report
        assert report["cold"] is (n == 1)
        assert f"event {n}" in report["log_tail"].decode()


@needs_busybox
def test_a_folder_without_an_entry_point(lab: Lab, root: Path) -> None:
    mapped(lab, "mine:2", {"kind": "dir", "path": str(root)})
    report = invoke(lab, "mine:2", 1)
    assert report["status"] == "failed" and "ImageConfig" in report["message"]


def test_an_image_that_is_not_known(lab: Lab) -> None:
    report = invoke(lab, "example.com/nobody/knows:1", 1)
    assert report["status"] == "failed"
    assert "owari images map example.com/nobody/knows:1" in report["message"]


def test_an_image_on_the_host(lab: Lab) -> None:
    fails = ["/bin/sh", "-c"]
    report = invoke(lab, "debian:bookworm", 1, entry_point=fails, command=["exit 5"])
    assert "exit status 5" in json.loads(report["payload"])["errorMessage"]


@pytest.fixture
def contained(root: Path) -> Iterator[str]:
    program = containers.program()
    if not program or os.geteuid() != 0:
        pytest.skip("needs podman or docker, and root")
    name = "localhost/owari-test-function:1"
    content = subprocess.run(["tar", "-C", str(root), "-c", "."], capture_output=True, check=True)
    changes = ["--change", 'ENTRYPOINT ["/client"]', "--change", 'CMD ["built.in"]']
    command = [program, "import", *changes, "-", name]
    done = subprocess.run(command, input=content.stdout, check=False)
    if done.returncode != 0:
        pytest.skip("the container runtime imports no image here")
    yield name
    subprocess.run([program, "rmi", "--force", name], check=False, capture_output=True)


@needs_busybox
def test_an_image_of_the_container_runtime(lab: Lab, contained: str) -> None:
    first = invoke(lab, contained, 1)
    for n, report in ((1, first), (2, warm(lambda: invoke(lab, contained, 2)))):
        assert json.loads(report["payload"]) == ["built.in", "inside", "mine", n], report
        assert report["cold"] is (n == 1)
    report = invoke(lab, contained, 3, entry_point=["/bin/sh", "/client"], command=["given"])
    assert json.loads(report["payload"]) == ["given", "inside", "mine", 3]
    names = [f"owari-function-{lab.mark}"]
    lab.kill_agent()
    lab.wait(lambda: len(lab.agents) > 1)
    lab.wait(lambda: not any(name in running() for name in names))


def running() -> str:
    listed = [containers.program(), "ps", "--format", "{{.Names}}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout
