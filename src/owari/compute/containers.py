"""How podman or docker is asked to run a job. Pure but for looking for them.

podman is run with the settings seen to work where its usual ones do not: with runc and cgroupfs
on hybrid cgroups, and with explicit limits. The container shares the host's network, so that the
endpoint of Owari on loopback is reached.
"""

from __future__ import annotations

import os
import resource
import shutil
from typing import Any

LABEL = "owari.agent"
CLIENT_FAILED = (125, 126, 127)  # podman-run(1), docker run, "Exit status"; or the job's own
NEVER_BEGAN = ("", "created", "configured", "initialized")  # states
RUNTIMES = ("podman", "docker")
DOCKER_SOCKET = "/var/run/docker.sock"
SHARES_PER_VCPU = 1_024
NOFILE = 65_535  # as a Fargate task has (ECS: ulimits)
NPROC = 16_384  # podman gives itself about 32,000 at most, whatever the machine allows
NOT_PASSED = frozenset({"PATH", "HOME", "DOCKER_HOST", "XDG_RUNTIME_DIR", "CONTAINERS_CONF"})


def program() -> str:
    """The container runtime of this machine; '' when there is none that could answer."""
    for name in RUNTIMES:
        path = shutil.which(name)
        if path is None:
            continue
        reachable = os.environ.get("DOCKER_HOST") or os.access(DOCKER_SOCKET, os.W_OK)
        if name == "podman" or reachable:
            return path
    return ""


def is_podman(path: str) -> bool:
    return path.rpartition("/")[2].startswith("podman")


def exists(path: str, image: str) -> list[str]:
    """A command that ends with 0 when the runtime has the image."""
    if is_podman(path):
        return [path, "image", "exists", image]
    return [path, "image", "inspect", "--format", "{{.Id}}", image]


def name_of(spec: dict[str, Any]) -> str:
    plain = "".join(c if c.isalnum() else "-" for c in spec["run_id"])
    return f"owari-{plain}-{spec['attempt']}"


def settings() -> dict[str, str]:
    """Variables for the client: its own configuration is where the user's home is."""
    kept = ("HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "CONTAINERS_CONF")
    return {name: os.environ[name] for name in kept if name in os.environ}


def passed(variables: dict[str, str]) -> dict[str, str]:
    """Values reach the client through its environment, so that no process list shows them."""
    return {k: v for k, v in variables.items() if k not in NOT_PASSED}


def command(
    spec: dict[str, Any], image: str, gpus: tuple[int, ...], mark: str, path: str = ""
) -> list[str]:
    path = path or program() or RUNTIMES[0]
    made = _client(path)
    made += ["run", "--name", name_of(spec), "--label", f"{LABEL}={mark}"]
    made += ["--pull", "missing", "--network", "host"]
    memory = f"{memory_mib(spec)}m"
    made += ["--memory", memory, "--memory-swap", memory]
    made += ["--cpu-shares", str(max(2, int(spec["vcpus"] * SHARES_PER_VCPU)))]
    made += _limits(spec)
    for variable, value in spec["variables"].items():
        made += ["--env", f"{variable}={value}" if variable in NOT_PASSED else variable]
    made += _mounts(spec)
    if spec.get("user"):
        made += ["--user", spec["user"]]
    if spec.get("folder"):
        made += ["--workdir", spec["folder"]]
    if spec.get("read_only_root"):
        made += ["--read-only"]
    if gpus:
        devices = ",".join(map(str, gpus))
        made += ["--gpus", f'"device={devices}"']
    entry, *arguments = spec.get("entry_point") or ("",)
    if entry:
        made += ["--entrypoint", entry]
    return [*made, image, *arguments, *spec["command"]]


def trial(path: str, name: str) -> list[str]:
    """A command that runs `true` as a job would be run, over this machine's own root: no image is
    needed. Empty for docker, which runs nothing but images."""
    if not is_podman(path):
        return []
    memory = ["--memory", "64m", "--memory-swap", "64m"]
    made = [*_client(path), "run", "--rm", "--name", name, "--network", "host", *memory]
    return [*made, *_limits({}), "--rootfs", "/:O", "true"]


def inside(spec: dict[str, Any], target: dict[str, Any]) -> list[str]:
    """A command that runs this one's in the container of `target`."""
    return [program() or RUNTIMES[0], "exec", name_of(target), *spec["command"]]


def memory_mib(spec: dict[str, Any]) -> int:
    """What it may use at most."""
    return int(spec.get("memory_limit_mib") or spec["memory_mib"])


def _limits(spec: dict[str, Any]) -> list[str]:
    """Those the user asked for; of the usual ones what this machine allows."""
    limits = _usual_limits()
    limits |= {name: f"{soft}:{hard}" for name, soft, hard in spec.get("ulimits") or ()}
    return [word for name, pair in limits.items() for word in ("--ulimit", f"{name}={pair}")]


def _usual_limits() -> dict[str, str]:
    """Beyond its own hard limits a runtime may not go, and does not begin at all."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    _, processes = resource.getrlimit(resource.RLIMIT_NPROC)
    wished = (("nofile", files, NOFILE), ("nproc", processes, NPROC))
    bounds = {n: most if hard == resource.RLIM_INFINITY else min(hard, most)
              for n, hard, most in wished}  # fmt: skip
    return {name: f"{bound}:{bound}" for name, bound in bounds.items()}


def function_command(
    path: str,
    image: str,
    *,
    name: str,
    mark: str,
    memory_mib: int,
    variables: list[str],
    entry_point: list[str] | None,
    command: list[str] | None,
    folder: str | None,
    volumes: list[list[str]],
) -> list[str]:
    """A function's environment as a container; `variables` are passed on by their names.

    `volumes`: [folder, target]…
    """
    made = _client(path)
    made += ["run", "--rm", "--name", name, "--label", f"{LABEL}={mark}"]
    made += ["--pull", "never", "--network", "host"]
    made += ["--memory", f"{memory_mib}m", "--memory-swap", f"{memory_mib}m"]
    made += _limits({})
    for variable in variables:
        made += ["--env", variable]
    for source, target in volumes:
        made += ["--volume", f"{source}:{target}:rw"]
    if folder:
        made += ["--workdir", folder]
    entry = entry_point or []
    if entry:
        made += ["--entrypoint", entry[0]]
    return [*made, image, *entry[1:], *(command or [])]


def _client(path: str) -> list[str]:
    """The runtime's program with the settings seen to work."""
    if is_podman(path) and os.geteuid() == 0:
        return [path, "--cgroup-manager", "cgroupfs", *_runc()]
    return [path]


def _runc() -> list[str]:
    """crun refuses hybrid cgroups."""
    hybrid = not os.path.exists("/sys/fs/cgroup/cgroup.controllers")  # noqa: PTH110
    return ["--runtime", "runc"] if hybrid and shutil.which("runc") else []


def _mounts(spec: dict[str, Any]) -> list[str]:
    made: list[str] = []
    for mount in spec.get("mounts") or ():
        if mount["source"] is None:
            made += ["--volume", mount["target"]]
            continue
        mode = "ro" if mount.get("read_only") else "rw"
        made += ["--volume", f"{mount['source']}:{mount['target']}:{mode}"]
    for target, mib in (spec.get("tmpfs_mib") or {}).items():
        made += ["--tmpfs", f"{target}:size={mib}m"]
    if spec.get("shm_mib"):
        made += ["--shm-size", f"{spec['shm_mib']}m"]
    return made


def farewell(path: str, name: str) -> str:
    """A shell command: print whether it ran out of memory, and its state, and remove it.

    podman does not always notice (with runc on cgroup v1 it never does): the kernel's log names
    the container whose limit was reached, where we may read it. One whose monitor was killed
    with it leaves its cgroups behind.
    """
    shown = "{{.State.OOMKilled}} {{.State.Status}} {{.Id}}"
    return (
        f"set -- $({path} inspect --format '{shown}' {name} 2>/dev/null); echo \"$1 $2\";"
        ' [ -n "$3" ] && dmesg 2>/dev/null | grep -q "oom_memcg=[^,]*$3" && echo true;'
        f" {_remove(path)} {name} >/dev/null 2>&1;"
        ' [ -n "$3" ] && rmdir /sys/fs/cgroup/*/libpod_parent/libpod-"$3" 2>/dev/null; :'
    )


def never_began(code: int, answer: str) -> bool:
    """Whether the runtime could not start it. `answer`: to `farewell`."""
    _, _, state = answer.partition("\n")[0].partition(" ")
    return code in CLIENT_FAILED and state.strip() in NEVER_BEGAN


def remove(path: str, name: str) -> list[str]:
    """A command: end a container and forget it."""
    return [path, "rm", "--force", "--time", "0", name]


def _remove(path: str) -> str:
    """docker kills at once; podman waits ten seconds unless told."""
    return f"{path} rm --force" + (" --time 0" if is_podman(path) else "")


def remove_all(path: str, mark: str) -> str:
    """A shell command: end every container of an agent that died or ends.

    podman refuses one that is just being killed, so it is asked again.
    """
    listed = f"{path} ps --all --quiet --filter label={LABEL}={mark}"
    remove = f'[ -z "$ids" ] || {_remove(path)} $ids'
    return f"for i in 1 2 3 4 5; do ids=$({listed}); {remove} && break; sleep 0.3; done"
