"""ffmpeg: where it is, and what it says a file holds."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

try:
    import imageio_ffmpeg
except ImportError:  # the `demo` extra is not installed
    imageio_ffmpeg = None

_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_VIDEO = re.compile(r"Stream #.*: Video: (\w+).*?, (\d{2,5})x(\d{2,5})")
_AUDIO = re.compile(r"Stream #.*: Audio: ")
_ROTATION = re.compile(r"rotation of (-?\d+(?:\.\d+)?) degrees")


class NotAVideo(Exception):
    """ffmpeg finds no picture in the file."""


@dataclass(frozen=True, slots=True)
class Media:
    """`width` and `height` as shown (a rotation taken into account); `duration_s` 0 for a still."""

    width: int
    height: int
    duration_s: float
    codec: str
    has_audio: bool


def find_ffmpeg() -> str | None:
    """On the PATH, else the one that the imageio-ffmpeg wheel carries."""
    found = shutil.which("ffmpeg")
    if found is None and imageio_ffmpeg is not None:
        try:
            return str(imageio_ffmpeg.get_ffmpeg_exe())
        except RuntimeError:  # a platform the wheel has no binary for
            return None
    return found


def parse_probe(text: str) -> Media:
    """What `ffmpeg -i FILE` prints (there may be no ffprobe beside it)."""
    video = _VIDEO.search(text)
    if video is None:
        raise NotAVideo(text.strip().splitlines()[-1] if text.strip() else "nothing in it")
    width, height = int(video[2]), int(video[3])
    rotation = _ROTATION.search(text)
    if rotation and round(float(rotation[1])) % 180:
        width, height = height, width
    length = _DURATION.search(text)
    seconds = 0.0
    if length:
        seconds = int(length[1]) * 3600 + int(length[2]) * 60 + float(length[3])
    return Media(width, height, seconds, video[1], _AUDIO.search(text) is not None)


def probe(ffmpeg: str, file: Path) -> Media:
    """Reads the file's header; NotAVideo when there is none."""
    done = subprocess.run(
        [ffmpeg, "-nostdin", "-hide_banner", "-i", str(file)], capture_output=True, timeout=60
    )
    return parse_probe(done.stderr.decode("utf-8", "replace"))


def decodes(ffmpeg: str, file: Path, *, tail_s: float | None = None) -> str:
    """Decode a picture (or a video's last seconds); what is wrong, or ""."""
    seek = ["-sseof", f"-{tail_s}"] if tail_s else []
    done = subprocess.run(
        [ffmpeg, "-nostdin", "-v", "error", *seek, "-i", str(file), "-f", "null", "-"],
        capture_output=True,
        timeout=120,
    )
    complaint = done.stderr.decode("utf-8", "replace").strip()
    return complaint or (f"status {done.returncode}" if done.returncode else "")


def width_for(source: Media, height: int) -> int:
    """The even width that keeps the aspect ratio (ffmpeg's `scale=-2:HEIGHT`)."""
    return 2 * ((height * source.width + source.height) // (2 * source.height))
