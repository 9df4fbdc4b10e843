"""Programs that functions and jobs may want: ffmpeg, container runtimes."""

from __future__ import annotations

import shutil

from owari.cli.doctor_compute import container_trial
from owari.cli.finding import Finding, first_line, last_line, output_of
from owari.demo.ffmpeg import find_ffmpeg

NO_CONTAINER = "run as root or set up subordinate ids; `owari images map NAME=host` needs none"
# crun wants all of cgroups v1 or all of v2.
NOT_CRUN = (
    "install runc, and say in /etc/containers/containers.conf under [engine]:"
    ' runtime="runc" and cgroup_manager="cgroupfs"'
)
RAN = ", a container ran"


def ffmpeg() -> Finding:
    found = find_ffmpeg()
    if found is None:
        return Finding("ffmpeg", "missing", "only the demo needs it", "pip install 'owari[demo]'")
    status, text = output_of(found, "-version")
    if status != 0:
        return Finding("ffmpeg", "warn", f"{found}: {last_line(text)}", "install ffmpeg")
    version = " ".join(first_line(text).split()[:3])
    where = "on the PATH" if shutil.which("ffmpeg") else "from the imageio-ffmpeg wheel"
    return Finding("ffmpeg", "ok", f"{version}, {where}")


def container_runtimes() -> list[Finding]:
    return [
        _runtime("podman", "podman info fails: podman info --debug tells why"),
        _runtime("docker", "start its daemon: systemctl start docker"),
    ]


def _runtime(name: str, mend: str) -> Finding:
    if shutil.which(name) is None:
        return Finding(name, "missing", "only jobs with container images want one",
                       f"install {name}")  # fmt: skip
    status, version = output_of(name, "--version")
    if status != 0:
        return Finding(name, "warn", last_line(version), mend)
    status, text = output_of(name, "info")
    if status != 0:
        return Finding(name, "warn", f"{version}, only the client: {last_line(text)}", mend)
    why = container_trial(shutil.which(name) or name)
    if why:
        mend = NOT_CRUN if "hybrid mode" in why else NO_CONTAINER
        return Finding(name, "warn", f"{version}, but no container can be run: {why}", mend)
    return Finding(name, "ok", f"{version}{RAN if name == 'podman' else ''}")
