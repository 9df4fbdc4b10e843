"""The main job, whole: `owari demo` in its own processes on a small video."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from owari.demo.ffmpeg import find_ffmpeg, probe
from tests.support.server import OWARI, eventually

pytestmark = pytest.mark.acceptance

FFMPEG = find_ffmpeg() or "ffmpeg"


def demo(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [OWARI, "demo", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"TMPDIR": str(folder)},
    )


def test_a_video_becomes_four_outputs(tmp_path: Path) -> None:
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=2"]
    sound = ["-f", "lavfi", "-i", "sine=duration=2"]
    video = tmp_path / "my video.mp4"
    subprocess.run([FFMPEG, "-v", "error", *picture, *sound, str(video)], check=True)
    done = demo(tmp_path, "--input", video.name, "--output", "out", "--json")
    assert done.returncode == 0, done.stderr
    outputs = {o["output"]: o for o in json.loads(done.stdout)["outputs"]}
    for name, size in (("480p", (854, 480)), ("720p", (1280, 720)), ("1080p", (1920, 1080))):
        media = probe(FFMPEG, tmp_path / "out" / f"{name}.mp4")
        assert (media.width, media.height) == size
        assert abs(media.duration_s - 2) <= 0.2
        assert media.has_audio
        told = outputs[f"{name}.mp4"]
        assert (told["width"], told["height"]) == size
        assert told["start"] == "cold"
    assert probe(FFMPEG, tmp_path / "out" / "thumbnail.jpg").width == 640
    assert outputs["thumbnail.jpg"]["wrong"] == ""
    assert not list(tmp_path.glob("owari-demo-*")), "the temporary folder is cleared away"


def test_a_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("not a video")
    done = demo(tmp_path, "--input", "x.mp4")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    missing = demo(tmp_path, "--input", "nothing.mp4")
    assert missing.returncode == 1
    assert "not a file" in missing.stderr


def test_a_worker_that_fails_makes_the_demo_fail(tmp_path: Path) -> None:
    """Half a video: its header promises more than there is."""
    whole = tmp_path / "whole.mkv"
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=20"]
    subprocess.run([FFMPEG, "-v", "error", *picture, str(whole)], check=True)
    (tmp_path / "half.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = demo(tmp_path, "--input", "half.mkv", "--json")
    assert done.returncode == 1
    assert not json.loads(done.stdout)["ok"]
    assert "480p.mp4: lasts" in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing(tmp_path: Path, how: signal.Signals) -> None:
    video = tmp_path / "v.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=60"]
    subprocess.run([FFMPEG, "-v", "error", *picture, str(video)], check=True)
    with subprocess.Popen(
        [OWARI, "demo", "--input", str(video)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as running:
        assert running.stderr is not None
        while "running" not in (line := running.stderr.readline()):
            assert line, "it ended by itself"
        (folder,) = tmp_path.glob("owari-demo-*")
        assert users(folder)
        running.send_signal(how)
        assert "stopped" in running.stderr.read()
    assert running.returncode == 1
    assert not folder.exists()
    eventually(lambda: not users(folder))


def users(folder: Path) -> list[int]:
    """The processes that name the folder in their command line (those ended do not)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(int(process.name))
    return found
