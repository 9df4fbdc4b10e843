"""Unpack a function's zip once: into a folder beside, then renamed, so it is whole or absent."""

# pathlib and contextlib would cost memory and time in every worker.
# ruff: noqa: PTH101, PTH103, PTH114, PTH118, PTH120, PTH123, PTH211

from __future__ import annotations

import os
import stat
import zipfile

from .once import make_once

CHUNK = 1 << 18


class BadZip(Exception):
    """The archive is not one, climbs out of its folder, or is too large."""


def unpack(archive: str, folder: str, most_bytes: int) -> None:
    """Does nothing when `folder` is there already. Raises BadZip, OSError."""

    def fill(part: str) -> None:
        os.makedirs(part)
        try:
            _extract(archive, part, most_bytes)
        except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
            raise BadZip(str(error)) from None

    make_once(folder, fill)


def _extract(archive: str, folder: str, most_bytes: int) -> None:
    left = most_bytes
    with zipfile.ZipFile(archive) as bundle:
        for info in bundle.infolist():
            path = _inside(folder, info.filename)
            mode = info.external_attr >> 16
            if info.is_dir():
                os.makedirs(path, exist_ok=True)
            elif stat.S_ISLNK(mode):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.symlink(bundle.read(info).decode(), path)
            else:
                left -= _write(bundle, info, path, left)
                os.chmod(path, (mode & 0o777 or 0o644) | 0o444)


def _inside(root: str, name: str) -> str:
    """The path of a member: below the root, and through no link that the archive made."""
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or "\0" in name:
        raise BadZip(f"The archive entry {name!r} lies outside of its folder")
    path = root
    for part in name.split("/"):
        if os.path.islink(path):
            raise BadZip(f"The archive entry {name!r} leads through a link")
        if part not in ("", "."):
            path = os.path.join(path, part)
    if os.path.islink(path):
        raise BadZip(f"The archive entry {name!r} comes twice")
    return path


def _write(bundle: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, most: int) -> int:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    size = 0
    with bundle.open(info) as source, open(path, "wb") as target:
        while True:
            chunk = source.read(CHUNK)
            if not chunk:
                return size
            size += len(chunk)
            if size > most:
                raise BadZip("Unzipped size must be smaller than the limit")
            target.write(chunk)
