"""What the children of `--array-from` are given: the lines of a file, or the files of a pattern.

The items of a job are written, a line each, to a file of their own in Owari's data folder, named by
its content: the user's file may change while the job runs, and a rerun finds the same lines.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

FOLDER = "submitted"  # in the data folder


class NoItems(Exception):
    """There is nothing to make children of; the message is for the user."""


def items(text: str) -> list[bytes]:
    """Lines of the file of that name, else paths that fit the pattern, sorted. Raises NoItems."""
    path = Path(text)
    if path.is_file():
        return lines(path)
    found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207
    if not found:
        raise NoItems(f"{text} is no file, and no file's name fits it")
    names = [os.fsencode(name) for name in found]
    strange = next((name for name in names if b"\n" in name), None)
    if strange is not None:
        raise NoItems(f"the name of {strange!r} has a line break in it: an item is a line")
    return names


def lines(path: Path) -> list[bytes]:
    """Those that are not blank, without their ends. Raises NoItems."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NoItems(str(error)) from error
    found = [line.rstrip(b"\r") for line in content.split(b"\n") if line.strip()]
    if not found:
        raise NoItems(f"{path} has no lines")
    nul = next((number for number, line in enumerate(found) if b"\0" in line), None)
    if nul is not None:
        raise NoItems(f"{path}: item {nul} has a NUL byte in it")
    return found


def keep(data: Path, chosen: Sequence[bytes]) -> Path:
    """The file that has them. Raises OSError."""
    content = b"".join(item + b"\n" for item in chosen)
    folder = data.absolute() / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{hashlib.sha256(content).hexdigest()[:32]}.items"
    if not path.exists():
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_bytes(content)
        new.replace(path)
    return path
