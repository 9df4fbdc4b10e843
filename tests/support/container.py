"""A real container runtime and an image in it, made of a static busybox: nothing is pulled."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from owari.compute import containers

IMAGE = "localhost/owari-tests:1"
APPLETS = (
    "sh",
    "env",
    "sleep",
    "cat",
    "id",
    "wget",
    "true",
    "touch",
    "mount",
    "dd",
    "tail",
    "test",
)
ENTRYPOINT = '["/bin/sh", "-c", "echo entry in $PWD; exec \\"$0\\" \\"$@\\""]'


def program() -> str:
    """Skips the test where there is none."""
    found = containers.program()
    if not found:
        pytest.skip("neither podman nor docker is here")
    return found


def static_busybox() -> Path:
    found = shutil.which("busybox")
    if found is None:
        pytest.skip("a static busybox is what the test image is made of")
    linked = subprocess.run(["ldd", found], capture_output=True, text=True)
    if linked.returncode == 0 and "not a dynamic" not in linked.stdout + linked.stderr:
        pytest.skip("busybox is not static here")
    return Path(found)


def dockerfile(folder: Path) -> Path:
    """With an ENTRYPOINT that says so, and a CMD."""
    shutil.copy(static_busybox(), folder / "busybox")
    links = "\n".join(f"COPY busybox /bin/{name}" for name in APPLETS)
    path = folder / "Dockerfile"
    path.write_text(
        f"FROM scratch\n{links}\nCOPY passwd /etc/passwd\nENV GREETING=hello\nWORKDIR /srv\n"
        f'ENTRYPOINT {ENTRYPOINT}\nCMD ["/bin/env"]\n'
    )
    (folder / "passwd").write_text("root:x:0:0::/:/bin/sh\nworker:x:1234:1234::/srv:/bin/sh\n")
    return path


def image(folder: Path) -> str:
    """Built, or left from an earlier test."""
    runtime = program()
    built = subprocess.run(
        [runtime, "build", "--tag", IMAGE, "--file", str(dockerfile(folder)), str(folder)],
        capture_output=True,
        text=True,
    )
    if built.returncode != 0:
        pytest.skip(f"{runtime} cannot build here: {built.stderr[-300:]}")
    trial = [runtime, "run", "--rm", "--network", "host", IMAGE, "/bin/true"]
    ran = subprocess.run(trial, capture_output=True, text=True)
    if ran.returncode != 0:  # owari doctor tells what would mend it
        pytest.skip(f"{runtime} cannot run here: {ran.stderr[-300:]}")
    return IMAGE


def left_over(mark: str) -> str:
    """Containers of an agent."""
    listed = [program(), "ps", "--all", "--quiet", "--filter", f"label={containers.LABEL}={mark}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout
