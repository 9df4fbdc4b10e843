"""The demo's parts, without a server: probing, expected sizes, reading logs, drawing."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from owari.demo import sample
from owari.demo.check import examine
from owari.demo.ffmpeg import Media, NotAVideo, find_ffmpeg, parse_probe, probe, width_for
from owari.demo.progress import Run
from owari.demo.screen import Bar, Screen, size, table
from owari.demo.stack import WORKERS, packed

PROBE = """\
Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'b.mp4':
  Duration: 01:02:05.31, start: 0.000000, bitrate: 1589 kb/s
  Stream #0:0[0x1](und): Video: h264 (Main) (avc1 / 0x31637661), yuv420p(tv, bt709), 1280x720 \
[SAR 1:1 DAR 16:9], 1205 kb/s, 25 fps, 25 tbr, 12800 tbn (default)
  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, 5.1, fltp, 384 kb/s
At least one output file must be specified
"""


def make(ffmpeg: str, *options: str) -> None:
    subprocess.run([ffmpeg, "-v", "error", "-y", *options], check=True)


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    found = find_ffmpeg()
    assert found, "imageio-ffmpeg belongs to the development dependencies"
    return found


def test_a_probe_is_read() -> None:
    assert parse_probe(PROBE) == Media(1280, 720, 3725.31, "h264", True)
    turned = PROBE + "      displaymatrix: rotation of -90.00 degrees\n"
    assert (parse_probe(turned).width, parse_probe(turned).height) == (720, 1280)
    with pytest.raises(NotAVideo, match="Invalid data"):
        parse_probe("x: Invalid data found when processing input\n")


@pytest.mark.parametrize(
    ("width", "height", "target", "wanted"),
    [(1280, 720, 480, 854), (1280, 720, 1080, 1920), (640, 272, 480, 1130), (720, 1280, 480, 270)],
)
def test_the_width_is_even_and_keeps_the_aspect(
    width: int, height: int, target: int, wanted: int
) -> None:
    assert width_for(Media(width, height, 1, "h264", False), target) == wanted


def test_outputs_are_judged_by_what_is_in_them(ffmpeg: str, tmp_path: Path) -> None:
    source = Media(320, 180, 2.0, "h264", False)
    clip = ["-f", "lavfi", "-i", "testsrc=size=854x480:rate=10", "-t"]
    worker, still = WORKERS[0], WORKERS[3]

    def wrong(name: str, of: Media = source) -> str:
        return examine(ffmpeg, worker, tmp_path / name, of, Run()).wrong

    make(ffmpeg, *clip, "2", str(tmp_path / "right.mp4"))
    make(ffmpeg, *clip, "1", str(tmp_path / "short.mp4"))
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "right.mp4").read_bytes()[:2_000])
    assert wrong("right.mp4") == ""
    assert "lasts 1.00 s" in wrong("short.mp4")
    assert wrong("none.mp4") == "missing"
    assert "unreadable" in wrong("cut.mp4")
    assert "854x480, not 480x480" in wrong("right.mp4", Media(200, 200, 2, "h264", False))
    assert wrong("right.mp4", Media(320, 180, 2, "h264", True)) == "has lost its sound"
    picture = ["-i", str(tmp_path / "right.mp4"), "-frames:v", "1", "-vf", "scale=640:-2"]
    make(ffmpeg, *picture, str(tmp_path / "still.jpg"))
    assert examine(ffmpeg, still, tmp_path / "still.jpg", source, Run()).wrong == ""
    (tmp_path / "half.jpg").write_bytes((tmp_path / "still.jpg").read_bytes()[:1_500])
    assert examine(ffmpeg, still, tmp_path / "half.jpg", source, Run()).wrong == "not a whole JPEG"


def test_a_log_tells_how_far_a_function_is() -> None:
    run = Run()
    for line in (
        "INIT_START Runtime Version: python:3.12\n",
        "START RequestId: 1 Version: $LATEST\n",
        '{"output": "480p", "seconds": 2.5}\n',
        "{broken\n",
    ):
        run.read(line)
    assert (run.started, run.done_s, run.ended) == (True, 2.5, False)
    run.read(
        "REPORT RequestId: 1\tDuration: 12.34 ms\tBilled Duration: 40 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 30 MB\tInit Duration: 26.50 ms\t\n"
    )
    assert (run.duration_ms, run.init_ms) == (12.34, 26.5)
    assert "{broken" in run.lines


def test_packages_hold_the_handler() -> None:
    assert packed("starter").startswith(b"PK")


def test_lines_and_tables() -> None:
    out = io.StringIO()
    screen = Screen(out)
    for share in (0.0, 0.3, 0.3, 1.0):
        screen.bars([Bar("x", share, "waiting" if share < 1 else "1.0 s")])
    assert [line.split()[2:] for line in out.getvalue().splitlines()] == [
        ["x", "waiting"],
        ["x", "25", "%"],
        ["x", "1.0", "s"],
    ]
    assert table([["a", "b"], ["long", "x"]]).splitlines()[2] == "  long  x"
    assert [size(n) for n in (10, 2048, 5 * 1024**2)] == ["10 B", "2.0 KiB", "5.0 MiB"]


def test_a_changed_sample_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "_fetch", lambda: b"something else")
    with pytest.raises(sample.NoSample, match="SHA-256"):
        sample.sample_video(tmp_path)


def test_no_index_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "_installers", lambda: [["/nonexistent/pip"]])
    with pytest.raises(sample.NoSample, match="use --input FILE"):
        sample.sample_video(tmp_path)


def test_probing_a_file_that_is_no_video(ffmpeg: str, tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("no video")
    with pytest.raises(NotAVideo):
        probe(ffmpeg, tmp_path / "x.mp4")
