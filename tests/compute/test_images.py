"""What an image name means: the user's mapping, the table of base images, refusals, runtimes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from owari.compute import containers
from owari.compute.images import Host, Mapping, Root, Runtime, Unknown, base, names, refusal
from tests.compute.lab import Lab

MakeLab = Callable[..., Lab]


@pytest.mark.parametrize(
    "image",
    [
        "busybox", "alpine:3.20", "ubuntu:24.04", "debian:bookworm-slim", "amazonlinux:2023",
        "bash:5", "public.ecr.aws/docker/library/busybox:latest", "docker.io/library/debian",
        "public.ecr.aws/amazonlinux/amazonlinux:2", "library/ubuntu",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/busybox:stable",
        "busybox@sha256:" + "0" * 64,
    ],
)  # fmt: skip
def test_base_images_run_on_the_hosts_userland(image: str) -> None:
    assert base(image) == Host(own_tmp=True)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("python:3.11", "python3.11"), ("python:3.9-slim-bookworm", "python3.9"),
        ("python:3.12.4-alpine3.20", "python3.12"),
        ("public.ecr.aws/docker/library/python:3.13", "python3.13"),
        ("python", "python3.99"), ("python:3", "python3.99"), ("python:latest", "python3.99"),
        ("python:3-slim", "python3.99"),
    ],
)  # fmt: skip
def test_python_images(image: str, name: str) -> None:
    assert base(image) == Host(own_tmp=True, python=name)


@pytest.mark.parametrize("image", ["python:2.7", "mysim:1", "example.com/busybox-like", "node:22"])
def test_what_is_no_base_image(image: str) -> None:
    assert base(image) is None


def test_a_refusal_names_the_three_remedies() -> None:
    words = refusal("mysim:1")
    assert words.startswith("CannotPullContainerError: ")
    for remedy in ("owari images map mysim:1=DIR|Dockerfile|host", "podman", "busybox"):
        assert remedy in words


def test_names_a_mapping_may_use() -> None:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/sim:7"
    assert names(image) == [
        image, image.removesuffix(":7"), "team/sim:7", "team/sim",
    ]  # fmt: skip
    assert "sim:latest" in names("sim")
    assert names("localhost:5000/sim")[1] == "localhost:5000/sim:latest"


def write(path: Path, entries: Any) -> None:
    path.write_text(entries if isinstance(entries, str) else json.dumps(entries))


def test_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "images.json"
    mapping = Mapping(path)
    assert mapping.find("sim") is None
    write(
        path,
        {
            "sim": {"kind": "host"},
            "root": {"kind": "dir", "path": str(tmp_path)},
            "gone": {"kind": "dir", "path": "/no/such"},
            "built:1": {"kind": "runtime", "image": "localhost/built"},
            "odd": {"kind": "x"},
        },
    )
    assert mapping.find("sim:latest") == Host(own_tmp=False)
    assert mapping.find("123456789012.dkr.ecr.eu-west-1.amazonaws.com/sim") == Host(own_tmp=False)
    assert mapping.find("root") == Root(str(tmp_path))
    assert mapping.find("built:1") == Runtime("localhost/built", asked=True)
    assert mapping.find("built:2") is None
    for broken in ("gone", "odd"):
        found = mapping.find(broken)
        assert isinstance(found, Unknown) and "is mapped, but" in found.why
    write(path, "{ no json")
    os.utime(path, ns=(1, 1))
    found = mapping.find("sim")
    assert isinstance(found, Unknown) and "images.json" in found.why


# ---- with an agent
@pytest.fixture
def lab(make_lab: MakeLab) -> Lab:
    return make_lab()


def map_image(lab: Lab, name: str, entry: dict[str, str]) -> None:
    write(lab.config.data / "images.json", {name: entry})


def test_a_mapping_is_used_at_once(lab: Lab) -> None:
    assert lab.run_process(["true"], image="sim:2")["status"] == "failed"
    map_image(lab, "sim:2", {"kind": "host"})
    assert lab.run_process(["true"], image="sim:2")["status"] == "ok"


def root_with(folder: Path, programs: list[str]) -> Path:
    """A root file system with some of this machine's programs and what they are linked with."""
    for program in programs:
        source = shutil.which(program)
        assert source is not None
        wanted = [str(Path(source).resolve())]
        linked = subprocess.run(["ldd", wanted[0]], capture_output=True, text=True, check=True)
        wanted += [w for w in linked.stdout.split() if w.startswith("/")]
        for file in wanted:
            place = folder / file.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        (folder / "bin").mkdir(exist_ok=True)
        shutil.copy(wanted[0], folder / "bin" / program)
    (folder / "etc").mkdir(exist_ok=True)
    (folder / "etc" / "passwd").write_text("worker:x:1500:1600::/home/worker:/bin/sh\n")
    (folder / "etc" / "mark").write_text("the image's own\n")
    folder.chmod(0o755)
    return folder


@pytest.fixture
def rootfs(lab: Lab, tmp_path: Path) -> Iterator[Path]:
    if lab.run_process(["unshare", "-m", "true"])["exit_code"] != 0:
        pytest.skip("no mount namespaces here")
    (tmp_path / "root").mkdir()
    yield root_with(tmp_path / "root", ["sh", "cat", "ls", "id", "sleep"])


def test_a_folder_as_root(lab: Lab, rootfs: Path, tmp_path: Path) -> None:
    map_image(lab, "sim", {"kind": "dir", "path": str(rootfs)})
    line = "cat /etc/mark; ls -d /usr/share /root /proc/self 2>&1; echo x > /new; echo $HOME"
    printed = lab.printed(line, image="sim:latest")
    assert printed[0] == "the image's own" and "/proc/self" in printed
    assert printed[-1] == "/root" and "/usr/share" not in printed
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "data").write_text("mounted\n")
    mounts = [{"source": str(tmp_path / "in"), "target": "/data/in", "read_only": True}]
    printed = lab.printed(
        "cat /data/in/data; id -u; id -g; echo $HOME", image="sim", mounts=mounts, user="worker"
    )
    assert printed == ["mounted", "1500", "1600", "/home/worker"]
    report = lab.run_process(["python3"], image="sim")
    assert report["status"] == "failed" and "executable file not found" in report["reason"]
    report = lab.run_process(["sleep", "1000"], image="sim", timeout_s=0.2)
    assert report["exit_code"] in (143, 137)


def test_a_folder_as_root_keeps_its_own_state(lab: Lab, rootfs: Path) -> None:
    """With overlayfs, what a job writes is gone with it; without, the folder itself is used."""
    map_image(lab, "sim", {"kind": "dir", "path": str(rootfs)})
    lab.run_process("echo x > /new", image="sim")
    overlay = "overlay" in Path("/proc/filesystems").read_text()
    if not overlay:
        pytest.skip("no overlayfs here")
    assert not (rootfs / "new").exists()
    assert lab.run_process("cat /new", image="sim")["exit_code"] == 1


@pytest.mark.parametrize("entry", [None, {"kind": "host"}, "root"])
def test_a_root_that_is_read_only(
    lab: Lab, rootfs: Path, tmp_path: Path, entry: dict[str, str] | str | None
) -> None:
    """A base image, the host, a folder: what is mounted in it is as it was asked for."""
    folder = {"kind": "dir", "path": str(rootfs)}
    if entry is not None:
        map_image(lab, "busybox", folder if entry == "root" else {"kind": "host"})
    (tmp_path / "out").mkdir()
    line = (
        "for f in /etc/new /out/new /ram/new; do echo x > $f && echo $f; done 2>/dev/null;"
        " echo x > /dev/null && echo still"
    )
    printed = lab.printed(
        line, image="busybox", read_only_root=True, tmpfs_mib={"/ram": 4},
        mounts=[{"source": str(tmp_path / "out"), "target": "/out", "read_only": False}],
    )  # fmt: skip
    assert printed == ["/out/new", "/ram/new", "still"]
    assert (tmp_path / "out" / "new").exists() and not Path("/etc/new").exists()
    assert lab.printed("echo x > /etc/new || echo sealed", image="busybox", read_only_root=True)[
        -1:
    ] == ["sealed"]


# ---- container runtimes
def spec(**changes: Any) -> dict[str, Any]:
    return {
        "run_id": "job-1:7", "attempt": 2, "command": ["run", "me"], "memory_mib": 512,
        "vcpus": 0.5, "variables": {"A": "1", "PATH": "/p"}, "mounts": [],
    } | changes  # fmt: skip


def test_the_runtimes_command() -> None:
    made = containers.command(
        spec(
            user="1:2",
            mounts=[
                {"source": "/a", "target": "/b", "read_only": True},
                {"source": None, "target": "/c"},
            ],
            tmpfs_mib={"/t": 9},
            shm_mib=64,
        ),
        "team/sim:7",
        (0, 2),
        "mark",
        "/usr/bin/docker",
    )
    joined = " ".join(made)
    assert made[:2] == ["/usr/bin/docker", "run"] and made[-3:] == ["team/sim:7", "run", "me"]
    for part in (
        "--name owari-job-1-7-2", "--label owari.agent=mark", "--network host", "--memory 512m",
        "--memory-swap 512m", "--cpu-shares 512", "--env A ", "--env PATH=/p", "--user 1:2",
        "--volume /a:/b:ro", "--volume /c ", "--tmpfs /t:size=9m", "--shm-size 64m",
        '--gpus "device=0,2"',
    ):  # fmt: skip
        assert part in joined, part


# A program that answers podman's command line: what is tested is what we ask of it and make of it.
SCRIPT = """#!/bin/sh
echo "$@" >> {log}
while [ "${{1#--}}" != "$1" ]; do shift 2; done
case "$1" in
    image) [ "$3" = team/sim:7 ]; exit $? ;;
    inspect)
        oom=$(cat {oom} 2>/dev/null || echo false)
        echo "$oom $(cat {state} 2>/dev/null || echo exited) 1234567" ;;
    rm) exit 0 ;;
    run)
        shift
        while [ "${{1#--}}" != "$1" ]; do
            case "$2" in POISON) exit 125 ;; esac
            shift 2
        done
        shift
        "$@"
        exit $? ;;
esac
"""


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "podman"
    script.write_text(
        SCRIPT.format(log=tmp_path / "log", oom=tmp_path / "oom", state=tmp_path / "state")
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path


def asked(runtime: Path, word: str) -> list[str]:
    return [line for line in (runtime / "log").read_text().splitlines() if word in line]


def test_an_image_the_runtime_has(runtime: Path, make_lab: MakeLab) -> None:
    lab = make_lab()
    printed = lab.printed("echo from $WHO", image="team/sim:7", variables={"WHO": "inside"})
    assert printed == ["from inside"]
    [line] = asked(runtime, " run ")
    assert "--memory 128m" in line and "--env WHO" in line and "inside" not in line.split("echo")[0]
    assert lab.run_process("exit 7", image="team/sim:7")["exit_code"] == 7
    assert len(asked(runtime, "image exists team/sim:7")) == 1, "asked once"
    assert len(asked(runtime, "rm --force --time 0 owari-job")) == 2, "every container is removed"
    assert lab.run_process(["true"], image="team/other")["status"] == "failed"
    assert lab.run_process(["true"], image="busybox")["status"] == "ok"


def test_how_a_container_ended(runtime: Path, make_lab: MakeLab) -> None:
    lab = make_lab()
    image = "team/sim:7"
    (runtime / "state").write_text("created\n")
    report = lab.run_process(["true"], image=image, user="POISON")
    (runtime / "state").unlink()
    assert report["status"] == "failed" and report["reason"].startswith("CannotStartContainerError")
    report = lab.run_process("sleep 1000", image=image, timeout_s=0.3, grace_s=0.2)
    assert report["reason"] == "Job attempt duration exceeded timeout"
    (runtime / "oom").write_text("true\n")
    report = lab.run_process("exit 137", image=image)
    assert report["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_containers_of_a_dead_agent_are_removed(runtime: Path, make_lab: MakeLab) -> None:
    lab = make_lab()
    assert lab.run_process(["true"], image="team/sim:7")["status"] == "ok"
    before = lab.agent["instance"]
    lab.kill_agent()
    lab.wait(lambda: lab.agents[-1][0] != before)
    assert len(asked(runtime, "ps --all --quiet --filter label=owari.agent=")) == 1
    assert not (lab.config.agent_folder / "containers").exists()
