"""`images.json` in the data folder: what the user says an image is on this machine.

`{NAME: {"kind": "host"} | {"kind": "dir", "path": ROOTFS} | {"kind": "runtime", "image": REF}}`.
The agent reads it again when it has changed.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from owari.cli import mapping_file

FILE = "images.json"
RUNTIMES = ("podman", "docker")

Entries = dict[str, dict[str, str]]


class NoImage(Exception):
    """What was named is nothing an image can be mapped to; the message is for the user."""


def read(data: Path) -> Entries:
    """Raises NoImage when the file is broken."""
    try:
        return mapping_file.read(data / FILE)
    except (OSError, ValueError) as error:
        raise NoImage(str(error)) from error


def write(data: Path, entries: Entries) -> None:
    """Whole or not at all. Raises OSError."""
    mapping_file.write(data / FILE, entries)


def split(text: str) -> tuple[str, str]:
    """NAME and what it is mapped to. Raises NoImage."""
    name, equals, target = text.partition("=")
    if not name or not equals or not target:
        raise NoImage(f"{text!r} is not like NAME=DIR, NAME=Dockerfile or NAME=host")
    return name, target


def entry(name: str, target: str) -> dict[str, str]:
    """Builds a Dockerfile at once, so that what is wrong with it is seen now. Raises NoImage."""
    if target == "host":
        return {"kind": "host"}
    path = Path(target).expanduser().absolute()
    if path.is_dir() and is_root(path):
        return {"kind": "dir", "path": str(path)}
    if path.is_dir() and (path / "Dockerfile").is_file():
        return {"kind": "runtime", "image": _build(name, path / "Dockerfile")}
    if path.is_file():
        return {"kind": "runtime", "image": _build(name, path)}
    if path.is_dir():
        raise NoImage(f"{path} has neither bin nor usr/bin nor a Dockerfile: it is no image's root")
    raise NoImage(f"{path} is not there (a folder, a Dockerfile or the word host is meant)")


def is_root(path: Path) -> bool:
    return (path / "bin").exists() or (path / "usr" / "bin").is_dir()


def _build(name: str, dockerfile: Path) -> str:
    """The image's own name in the container runtime."""
    program = next((p for p in map(shutil.which, RUNTIMES) if p), None)
    if program is None:
        raise NoImage(
            f"{dockerfile} is to be built, and there is neither podman nor docker here: install"
            " one, or map the name to a folder or to host"
        )
    reference = f"localhost/owari-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-') or 'image'}"
    command = [program, "build", "--tag", reference, "--file", str(dockerfile)]
    done = subprocess.run([*command, str(dockerfile.parent)])  # its output is the user's to see
    if done.returncode != 0:
        raise NoImage(f"{program} could not build {dockerfile} (exit {done.returncode})")
    return reference


def words(found: dict[str, str]) -> str:
    """An entry for people."""
    match found:
        case {"kind": "host"}:
            return "this machine"
        case {"kind": "dir", "path": path}:
            return path if Path(path).is_dir() else f"{path} (it is not there)"
        case {"kind": "runtime", "image": reference}:
            return f"container image {reference}"
        case _:
            return f"not understood: {json.dumps(found)}"
