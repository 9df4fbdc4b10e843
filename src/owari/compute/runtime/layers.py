"""A function's layers, merged in their order into one folder: what is to be at /opt.

Each is unpacked once; several are merged once per list, by hard links where the file system has
them. A layer that is a folder of the host is taken as it is when it stands alone.
"""

# pathlib and contextlib would cost memory and time in every worker.
# ruff: noqa: PTH103, PTH108, PTH112, PTH114, PTH115, PTH116, PTH118, PTH211

from __future__ import annotations

import hashlib
import os
import shutil
from typing import Any

from . import unzip
from .once import make_once


def merged(layers: list[dict[str, str]], folder: str, most_bytes: int, outside: Any) -> str:
    """The folder; '' without layers. `folder` takes what is unpacked and merged.

    A layer is `{"zip": path, "name": digest}` or `{"folder": path}`. Raises BadZip, OSError.
    """
    places = [_place(layer, folder, most_bytes, outside) for layer in layers]
    if len(places) < 2:
        return places[0] if places else ""
    words = "\n".join(_identity(place, outside) for place in places)
    target = os.path.join(folder, "merged-" + hashlib.sha256(words.encode()).hexdigest()[:32])
    _merge([outside(place) for place in places], outside(target))
    return target


def _place(layer: dict[str, str], folder: str, most_bytes: int, outside: Any) -> str:
    if "folder" in layer:
        return layer["folder"]
    place = os.path.join(folder, layer["name"])
    unzip.unpack(outside(layer["zip"]), outside(place), most_bytes)
    return place


def _identity(place: str, outside: Any) -> str:
    """Changes when a folder of the host does: by its entries' times."""
    real = outside(place)
    newest = os.stat(real).st_mtime_ns
    for parent, names, files in os.walk(real):
        for name in (*names, *files):
            newest = max(newest, os.lstat(os.path.join(parent, name)).st_mtime_ns)
    return f"{place}\n{newest}"


def _merge(places: list[str], target: str) -> None:
    def fill(part: str) -> None:
        for place in places:
            _add(place, part)

    make_once(target, fill)


def _add(source: str, target: str) -> None:
    """What a later layer brings stands in the place of what an earlier one brought."""
    os.makedirs(target, exist_ok=True)
    for entry in os.scandir(source):
        place = os.path.join(target, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if not os.path.isdir(place) or os.path.islink(place):
                _remove(place)
            _add(entry.path, place)
            continue
        _remove(place)
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), place)
            continue
        try:
            os.link(entry.path, place)
        except OSError:  # another file system
            shutil.copy2(entry.path, place)


def _remove(place: str) -> None:
    if os.path.isdir(place) and not os.path.islink(place):
        shutil.rmtree(place)
    elif os.path.lexists(place):
        os.unlink(place)
