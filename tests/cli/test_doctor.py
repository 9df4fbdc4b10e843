"""What `owari doctor` says of this machine, and how it says it."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
from pathlib import Path

import pytest

from owari.cli import doctor, doctor_compute, doctor_machine, doctor_maps, doctor_tools
from owari.cli.batch.mapping import write
from owari.cli.finding import Finding, output_of
from owari.cli.main import make_parser


def asked(*options: str) -> argparse.Namespace:
    return make_parser("doctor").parse_args(["doctor", *options])


def test_every_finding_has_a_state_and_every_lack_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.run(asked("--json", "--data", str(tmp_path / "not" / "yet"))) == 0
    findings = {f["name"]: f for f in json.loads(capsys.readouterr().out)["findings"]}
    assert {"processors", "memory", "disk space", "fsync", "isolation", "namespaces"} <= set(
        findings
    )
    mine = f"runtime python3.{sys.version_info.minor}"
    assert findings[mine]["state"] == "ok"
    assert findings["ffmpeg"]["state"] == "ok"  # the development dependencies bring it
    for found in findings.values():
        assert found["state"] in ("ok", "warn", "missing")
        assert found["state"] != "warn" or found["mend"]


def test_lines_show_the_remedy_only_where_there_is_something_to_mend() -> None:
    good = Finding("disk", "ok", "plenty", "unused")
    bad = Finding("disk", "warn", "little", "buy more")
    assert doctor.line(good, 6, coloured=False) == "✓ disk    plenty"
    assert doctor.line(bad, 6, coloured=False) == "! disk    little\n          → buy more"
    assert "\x1b[33m" in doctor.line(bad, 6, coloured=True)


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_container_runtime_without_its_daemon_is_only_a_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, "docker", '[ "$1" = info ] && { echo no daemon >&2; exit 1; }; echo Docker 1')
    program(tmp_path, "podman", "echo podman version 5")
    podman, docker = doctor_tools.container_runtimes()
    assert (podman.state, podman.detail) == ("ok", "podman version 5, a container ran")
    assert docker.state == "warn"
    assert "only the client: no daemon" in docker.detail


def test_a_podman_that_runs_no_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    script = 'case "$*" in *run*) echo "runc: not permitted" >&2; exit 126;; esac; echo podman 5'
    program(tmp_path, "podman", script)
    podman, _ = doctor_tools.container_runtimes()
    assert podman.state == "warn" and podman.mend
    assert podman.detail == "podman 5, but no container can be run: runc: not permitted"
    why = "Error: OCI runtime error: crun: cgroups in hybrid mode not supported, drop all"
    program(tmp_path, "podman", script.replace("runc: not permitted", why))
    podman, _ = doctor_tools.container_runtimes()
    assert 'runtime="runc"' in podman.mend and "root" not in podman.mend


def mapped(data: Path) -> dict[str, Finding]:
    return {f.name: f for f in (*doctor_maps.images(data), *doctor_maps.layers(data))}


def test_maps_whose_folders_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert mapped(tmp_path) == {}
    images = {
        "here": {"kind": "host"}, "root": {"kind": "dir", "path": str(tmp_path)},
        "gone": {"kind": "dir", "path": "/no/such"}, "odd": {"kind": "new"},
        "built": {"kind": "runtime", "image": "localhost/x"},
    }  # fmt: skip
    write(tmp_path, images)
    arn = "arn:aws:lambda:*:1:layer:tools:*"
    layers = {arn: "/no/such", "arn:aws:lambda:*:1:layer:good:1": str(tmp_path)}
    (tmp_path / "layers.json").write_text(json.dumps(layers))
    found = mapped(tmp_path)
    assert found["images map"].detail == "2 images mapped, and there"
    assert found["layers map"].detail == "1 layer mapped, and there"
    assert found["image gone"].detail == "is mapped to /no/such, which is not there"
    assert "owari images unmap gone" in found["image gone"].mend
    assert "neither podman nor docker" in found["image built"].detail
    assert "not understood" in found["image odd"].detail
    assert f"owari layers unmap {arn}" in found["layer tools:*"].mend
    program(tmp_path, "podman", "exit 1")
    assert "does not have" in mapped(tmp_path)["image built"].detail
    program(tmp_path, "podman", "exit 0")
    assert "image built" not in mapped(tmp_path)


def test_broken_maps(tmp_path: Path) -> None:
    for file in ("images.json", "layers.json"):
        (tmp_path / file).write_text("{")
    found = mapped(tmp_path)
    assert {f.state for f in found.values()} == {"warn"} and len(found) == 2


def test_few_file_handles(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor_machine.file_handles().name == "file handles"
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, 256))
    assert doctor_machine.file_handles().state == "warn"
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, resource.RLIM_INFINITY))
    assert doctor_machine.file_handles().state == "ok"


def test_a_gpu_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, "nvidia-smi", "echo NVIDIA T4, 15360 MiB")
    assert doctor_machine.gpu() == Finding("GPU", "ok", "NVIDIA T4, 15360 MiB")
    program(tmp_path, "nvidia-smi", "echo driver mismatch; exit 9")
    assert doctor_machine.gpu().state == "warn"
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert doctor_machine.gpu().state == "missing"


def test_a_runtime_without_its_interpreter_runs_on_the_nearest() -> None:
    found = doctor_compute._interpreter("python3.14", "python3.11", "/usr/bin/python3.11")
    assert found.state == "warn"
    assert "the nearest" in found.detail
    assert "3.14" in found.mend


def test_a_folder_that_cannot_be_written_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_folder: Path) -> float:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(doctor_machine, "fsync_ms", full)
    assert doctor.run(asked("--data", str(tmp_path))) == 1
    assert "No space left" in capsys.readouterr().out


def test_commands_that_are_not_there_or_hang() -> None:
    assert output_of("/nonexistent/program")[0] == 127
    assert output_of("sleep", "5", timeout_s=0.05)[0] == 124


def test_node_and_its_sdk_are_told_with_what_mends_them() -> None:
    nearest = doctor_compute._node("nodejs22.x", "node v20.1.0 at /n, the nearest", 20)
    assert (nearest.state, nearest.mend) == ("warn", "nvm install 22")
    assert doctor_compute._node("nodejs20.x", "node v20.1.0 at /n", 20).state == "ok"
    absent = doctor_compute._sdk("/c/aws-sdk-js-v2/node_modules", False, "v2")
    assert absent.mend == "npm install --prefix /c/aws-sdk-js-v2 aws-sdk@2"
    assert doctor_compute._sdk("/c/node_modules", True, "v3").state == "ok"
