"""Code, layers and /tmp in their places, before a function's environment begins.

Code and layers are unpacked once per machine and shared; where the machine allows mounts an
environment sees them read-only, the layers at /opt.
"""

# pathlib and contextlib would cost memory and time in every worker.
# ruff: noqa: PTH103, PTH208

from __future__ import annotations

import os
from typing import Any

from . import layers, program, sandbox, unzip
from .faults import Fault

OPT = "/opt"
SYSTEM = ("", "/lib", "/lib64", "/usr/lib", "/usr/lib64")  # searched anyway
PATHS = ("PATH", "LD_LIBRARY_PATH", "NODE_PATH", "PYTHONPATH")


def settle(meta: dict[str, Any], mounts: Any) -> str:
    """Where the layers are: `/opt`, or their folder where nothing can be mounted.

    `mounts`: sandbox.OwnTmp, or None. Raises Fault or OSError.
    """
    outside = mounts.path if mounts is not None else _as_it_is
    try:
        if meta["zip"]:
            unzip.unpack(outside(meta["zip"]), outside(meta["code"]), meta["unzipped_max_bytes"])
        opt = layers.merged(
            meta.get("layers") or [], meta["opt"], meta["layers_max_bytes"], outside
        )
    except unzip.BadZip as error:
        words = f"Could not unzip the function's code: {error}"
        raise Fault("Runtime.BadZip", words) from None
    os.makedirs(outside(meta["pycache"]), exist_ok=True)
    wanted = meta.get("file_systems")
    if wanted:
        _attach(wanted, mounts)
    if mounts is None:
        return opt or OPT
    placed = bool(opt) and mounts.replace(OPT, opt)
    for folder in (*meta["keep"], meta["pycache"], opt):
        mounts.reveal(folder)
    if placed:
        mounts.protect(OPT)
    if wanted:
        mounts.protect(sandbox.MNT)
    if meta["code"]:
        mounts.make_read_only(meta["code"])
    mounts.close()
    return OPT if placed or not opt else opt


def _attach(wanted: list[list[str]], mounts: Any) -> None:
    targets = ", ".join(target for _, target in wanted)
    if mounts is None:
        words = f"This machine does not let Owari mount a file system at {targets}"
        raise Fault("Owari.MountFailure", f"{words}: see `owari doctor`.")
    try:
        mounts.attach(wanted)
    except OSError as error:
        raise Fault("Owari.MountFailure", f"No file system at {targets}: {error}") from None


def _as_it_is(name: str) -> str:
    return name


def needs_program(meta: dict[str, Any], opt: str) -> bool:
    """Whether a Python function is to be a program of its own (bootstrap.py): it brings libraries,
    which the loader looks for only as a program begins, or extensions.
    """
    if meta.get("layers") and program.extensions(opt):
        return True
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    return any(_has_library(folder) for folder in folders if folder not in SYSTEM)


def _has_library(folder: str) -> bool:
    try:
        return any(n.startswith("lib") and ".so" in n for n in os.listdir(folder))
    except OSError:
        return False


def variables(meta: dict[str, Any], opt: str) -> dict[str, str]:
    """The environment's variables; paths below /opt lead to where the layers really are."""
    made = dict(meta["variables"])
    if opt != OPT:
        for name in PATHS:
            parts = made.get(name, "").split(":")
            if any(part.startswith(OPT) for part in parts):
                made[name] = ":".join(_moved(part, opt) for part in parts)
    return made


def _moved(part: str, opt: str) -> str:
    return opt + part[len(OPT) :] if part == OPT or part.startswith(OPT + "/") else part
