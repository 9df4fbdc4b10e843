"""From a spec and what its image means to the job a keeper is given. Pure but for the host's PATH.

Sources: Docker's defaults for PATH and HOME; "GPU workloads on Amazon ECS" for the variables that
pass devices.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from owari.compute import containers
from owari.compute.agent.spawner import Room
from owari.compute.images import Host, Image, Root, Runtime

CONTAINER_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FOREVER_S = 10.0 * 365 * 86_400
GRACE_S = 30.0  # Batch user guide, "Job timeouts"; ECS StopTask: SIGTERM, 30 seconds, SIGKILL
CLIENT_MIB = 512  # for the container runtime's own processes


@dataclass(frozen=True, slots=True)
class Place:
    """`interpreters`: the folder for a `python3.x` name, to put first on PATH.

    `reveal`: folders that stay visible even below a /tmp of the job's own.
    """

    interpreters: Callable[[str], str]
    scratch: str
    reveal: list[str]


@dataclass(frozen=True, slots=True)
class Target:
    """A run that goes on, in whose container another is to run."""

    spec: dict[str, Any]
    image: Image | None
    pid: int


def _is_boxed(spec: dict[str, Any]) -> bool:
    """Whether it needs what a keeper cannot share among its jobs."""
    scratch = any(mount["source"] is None for mount in spec.get("mounts") or ())
    asked = ("tmpfs_mib", "shm_mib", "user", "ulimits", "read_only_root", "inside")
    return scratch or any(spec.get(name) for name in asked)


def room(image: Image | None, spec: dict[str, Any]) -> Room:
    """Of the keeper: a box makes its own."""
    if not isinstance(image, Host) or _is_boxed(spec):
        return None
    mounts = tuple(
        (m["source"], m["target"], bool(m.get("read_only")), _identity(m["source"]))
        for m in spec.get("mounts") or ()
    )
    return (image.own_tmp, mounts) if image.own_tmp or mounts else None


def grace_s(spec: dict[str, Any]) -> float:
    """Between SIGTERM and SIGKILL."""
    asked: float | None = spec.get("grace_s")
    return GRACE_S if asked is None else asked


def _identity(source: str) -> str:
    """Of what is there now: a folder made anew under the old name is mounted anew."""
    try:
        found = os.stat(source)  # noqa: PTH116  (for each job: pathlib takes five times as long)
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"


def job(
    spec: dict[str, Any],
    image: Image | None,
    place: Place,
    gpus: tuple[int, ...] | None,
    mark: str,
) -> dict[str, Any]:
    """`gpus`: None where the machine has none. Without a folder of its own, a job on the host's
    userland works in its temporary one: what it leaves in `.` is nobody else's."""
    variables = spec["variables"]
    if gpus is not None:
        variables = variables | gpu_variables(gpus)
    made = {
        "command": [*(spec.get("entry_point") or ()), *spec["command"]],
        "variables": variables,
        "folder": spec.get("folder") or ("" if isinstance(image, Host) else "/"),
        "memory_mib": containers.memory_mib(spec),
        "vcpus": spec["vcpus"],
        "timeout_s": spec["timeout_s"] or FOREVER_S,
        "grace_s": grace_s(spec),
        "box": None,
    }
    match image:
        case Runtime(reference):
            command = containers.command(spec, reference, gpus or (), mark)
            client = {"PATH": os.environ.get("PATH", CONTAINER_PATH), **containers.settings()}
            made |= {
                "command": command,
                "variables": client | containers.passed(variables),
                "folder": place.scratch,  # podman's monitor leaves a file `oom` where it is
                "proxied": True,
                "memory_mib": containers.memory_mib(spec) + CLIENT_MIB,
            }
        case Host(own_tmp, python):
            made["variables"] = _host_variables(own_tmp) | variables
            if own_tmp and not made["command"]:  # what such images have as their CMD
                made["command"] = ["python3" if python else "sh"]
            if python:
                folder = place.interpreters(python)
                path = made["variables"]["PATH"]
                made["variables"] = made["variables"] | {"PATH": f"{folder}:{path}"}
            if _is_boxed(spec):
                made["box"] = _box(spec, None, own_tmp, place)
        case Root(folder):
            made["variables"] = {"PATH": CONTAINER_PATH, "HOME": "/root"} | variables
            made["box"] = _box(spec, folder, False, place)
    if spec.get("user") and "HOME" not in spec["variables"]:
        made["variables"] = {k: v for k, v in made["variables"].items() if k != "HOME"}
    return made


def inside(made: dict[str, Any], spec: dict[str, Any], target: Target) -> dict[str, Any]:
    """`made` (by `job`, for the target's image) as a job within the target's container, in the
    folder the target is in."""
    if isinstance(target.image, Runtime):
        client = {"PATH": os.environ.get("PATH", CONTAINER_PATH), **containers.settings()}
        return made | {"command": containers.inside(spec, target.spec), "variables": client}
    box = made["box"] | {"enter": target.pid, "own_tmp": True}
    return made | {"box": box, "folder": spec.get("folder") or ""}


def _host_variables(own_tmp: bool) -> dict[str, str]:
    """A base image looks like a container; the host mapped as an image like the host."""
    if own_tmp:
        return {"PATH": CONTAINER_PATH, "HOME": "/root", "LANG": "C.UTF-8"}
    return {
        "PATH": os.environ.get("PATH", CONTAINER_PATH),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
    }


def gpu_variables(gpus: tuple[int, ...]) -> dict[str, str]:
    """A job that asked for none sees none."""
    listed = ",".join(map(str, gpus))
    return {"CUDA_VISIBLE_DEVICES": listed, "NVIDIA_VISIBLE_DEVICES": listed or "void"}


def _box(spec: dict[str, Any], root: str | None, own_tmp: bool, place: Place) -> dict[str, Any]:
    tmpfs = [[target, mib] for target, mib in (spec.get("tmpfs_mib") or {}).items()]
    if spec.get("shm_mib"):
        tmpfs.append(["/dev/shm", spec["shm_mib"]])
    return {
        "root": root,
        "scratch": place.scratch,
        "own_tmp": own_tmp,
        "mounts": [[path, path, True] for path in place.reveal if own_tmp]
        + [[m["source"], m["target"], bool(m.get("read_only"))] for m in spec.get("mounts") or ()],
        "tmpfs": tmpfs,
        "read_only": bool(spec.get("read_only_root")),
        "user": spec.get("user"),
        "limits": [list(limit) for limit in spec.get("ulimits") or ()],
    }
