"""What a container image name means on this machine. Pure but for reading the user's mapping.

In this order: the user's own mapping (`images.json` in the data folder, written by `owari images
map`), a local container runtime that has the image (agent/runtimes.py), the table of plain base
images below (run on the host's own userland), else a clear refusal that names the remedies.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

REGISTRIES = re.compile(
    r"(docker\.io|index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com"
    r"|public\.ecr\.aws/docker|public\.ecr\.aws|ghcr\.io|quay\.io"
    r"|\d{12}\.dkr\.ecr\.[a-z0-9-]+\.(amazonaws\.com|localhost)(\.cn)?(:\d+)?)/"
)
SUFFIX = re.compile(r"(@sha256:[0-9a-f]+)$")
PYTHON = re.compile(r"(?:v?)3\.(\d+)(?:[.-].*)?$")
NEWEST_MINOR = 99  # `python:3`, `python:latest`: the nearest to this is the newest found

# Images that are a userland and nothing more. Their command runs on the host's own.
BASES = frozenset({
    "alpine", "amazonlinux", "amazonlinux/amazonlinux", "bash", "buildpack-deps", "busybox",
    "debian", "fedora", "ubuntu", "ubuntu/ubuntu", "debian/debian", "rockylinux", "almalinux",
    "centos", "opensuse/leap", "archlinux",
})  # fmt: skip
PYTHONS = frozenset({"python", "bitnami/python", "circleci/python", "cimg/python"})


@dataclass(frozen=True, slots=True)
class Host:
    """The host's own userland. `own_tmp`: as in a container, /tmp is the job's own."""

    own_tmp: bool
    python: str = ""  # the Lambda-style name of an interpreter that goes first on PATH


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that is the root of the file system."""

    folder: str


@dataclass(frozen=True, slots=True)
class Runtime:
    """An image that podman or docker has."""

    reference: str
    asked: bool = False  # the user named it in the mapping: it need not be looked for


@dataclass(frozen=True, slots=True)
class Unknown:
    why: str


Image = Host | Root | Runtime | Unknown


def refusal(image: str) -> str:
    """Why a job with this image cannot be run here, and what would help."""
    return (
        f"CannotPullContainerError: image {image} is not known here. Remedies: map it with "
        f"`owari images map {image}=DIR|Dockerfile|host`; install a container runtime (podman or "
        "docker) that has it; or use a plain base image (busybox, alpine, ubuntu, debian, "
        "amazonlinux, bash, python:3.x), which runs on this machine's own userland."
    )


def names(image: str) -> list[str]:
    """What a mapping may call it: as written, without tag, without registry, without both."""
    plain = SUFFIX.sub("", image)
    short = REGISTRIES.sub("", plain).removeprefix("library/")
    found = [image, plain, _without_tag(plain), short, _without_tag(short)]
    if ":" not in plain.rpartition("/")[2]:
        found += [f"{plain}:latest", f"{short}:latest"]
    return list(dict.fromkeys(found))


def _without_tag(name: str) -> str:
    head, slash, tail = name.rpartition("/")
    return head + slash + tail.partition(":")[0]


def base(image: str) -> Host | None:
    """The built-in table."""
    short = REGISTRIES.sub("", SUFFIX.sub("", image)).removeprefix("library/")
    name = _without_tag(short)
    tag = short[len(name) + 1 :]
    if image == "host":
        return Host(own_tmp=False)
    if name in BASES:
        return Host(own_tmp=True)
    if name in PYTHONS:
        match = PYTHON.match(tag)
        if match or tag in ("", "latest", "3", "slim", "alpine") or tag.startswith("3-"):
            return Host(own_tmp=True, python=f"python3.{match[1] if match else NEWEST_MINOR}")
    return None


class Mapping:
    """The user's `images.json`, read again when it has changed.

    `{NAME: {"kind": "host"} | {"kind": "dir", "path": ROOTFS} | {"kind": "runtime", "image": REF}}`
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._entries: dict[str, object] = {}
        self._broken = ""

    def find(self, image: str) -> Image | None:
        """None: not mapped."""
        self._read()
        if self._broken:
            return Unknown(f"CannotPullContainerError: {self.path} cannot be read: {self._broken}")
        for name in names(image):
            if name in self._entries:
                return _entry(image, self._entries[name])
        return None

    def stamp(self) -> object:
        """Changes when the file does."""
        self._read()
        return self._stamp

    def _read(self) -> None:
        try:
            found = self.path.stat()
        except OSError:
            self._stamp, self._entries, self._broken = None, {}, ""
            return
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp == self._stamp:
            return
        self._stamp, self._broken = stamp, ""
        try:
            entries = json.loads(self.path.read_text())
            self._entries = dict(entries)
        except (OSError, ValueError, TypeError) as error:
            self._entries, self._broken = {}, str(error)


def _entry(image: str, entry: object) -> Image:
    match entry:
        case {"kind": "host"}:
            return Host(own_tmp=False)
        case {"kind": "dir", "path": str(path)}:
            if Path(path).is_dir():
                return Root(path)
            why = f"its folder {path} is not there"
            return Unknown(f"CannotPullContainerError: image {image} is mapped, but {why}")
        case {"kind": "runtime", "image": str(reference)}:
            return Runtime(reference, asked=True)
        case _:
            why = "the entry in images.json is not understood"
            return Unknown(f"CannotPullContainerError: image {image} is mapped, but {why}")
