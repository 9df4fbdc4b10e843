"""Reading the outputs back: is each what it should be?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from owari.demo.ffmpeg import Media, NotAVideo, decodes, probe, width_for
from owari.demo.progress import Run
from owari.demo.stack import Worker

DURATION_SLACK_S = 0.2


@dataclass(frozen=True, slots=True)
class Output:
    """A file as it was found; `wrong` says what is not as it should be, or is empty."""

    worker: Worker
    bytes: int
    media: Media | None
    run: Run
    wrong: str

    def as_json(self) -> dict[str, Any]:
        return {
            "output": self.worker.output,
            "function": self.worker.function,
            "bytes": self.bytes,
            "width": self.media.width if self.media else None,
            "height": self.media.height if self.media else None,
            "duration_s": self.media.duration_s if self.media else None,
            "audio": self.media.has_audio if self.media else None,
            "took_ms": self.run.duration_ms,
            "init_ms": self.run.init_ms,
            "start": start_of(self.run),
            "wrong": self.wrong,
        }


def start_of(run: Run) -> str:
    if not run.ended:
        return "?"
    return "warm" if run.init_ms is None else "cold"


def examine(ffmpeg: str, worker: Worker, file: Path, source: Media, run: Run) -> Output:
    """Probe one output against what the input makes of it."""
    if not file.exists():
        return Output(worker, 0, None, run, "missing")
    try:
        media = probe(ffmpeg, file)
    except NotAVideo as error:
        return Output(worker, file.stat().st_size, None, run, f"unreadable: {error}")
    wrong = _still_wrong(ffmpeg, file, media) if worker.height is None else ""
    if worker.height is not None:
        wrong = _video_wrong(ffmpeg, file, media, source, worker.height)
    return Output(worker, file.stat().st_size, media, run, wrong)


def _video_wrong(ffmpeg: str, file: Path, media: Media, source: Media, height: int) -> str:
    wanted = width_for(source, height)
    if media.height != height or abs(media.width - wanted) > 2:
        return f"resolution {media.width}x{media.height}, not {wanted}x{height}"
    if abs(media.duration_s - source.duration_s) > DURATION_SLACK_S:
        return f"lasts {media.duration_s:.2f} s, the input {source.duration_s:.2f} s"
    if source.has_audio and not media.has_audio:
        return "has lost its sound"
    return decodes(ffmpeg, file, tail_s=2.0)


def _still_wrong(ffmpeg: str, file: Path, media: Media) -> str:
    data = file.read_bytes()
    if not (data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9")):
        return "not a whole JPEG"
    if media.codec != "mjpeg" or media.width != 640:
        return f"{media.codec} {media.width}x{media.height}"
    return decodes(ffmpeg, file)
