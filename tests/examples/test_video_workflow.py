"""examples/video-workflow on the real clip: every output is there and right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from owari.demo.ffmpeg import decodes, find_ffmpeg, probe
from owari.demo.sample import NoSample, sample_video
from tests.examples.running import EXAMPLES, owari, python
from tests.support.server import Server, eventually

pytestmark = pytest.mark.acceptance

FFMPEG = find_ffmpeg() or "ffmpeg"
RUN = EXAMPLES / "video-workflow" / "run.py"
BUCKET = "video-workflow-000000000000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("owari") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def video() -> Path:
    try:
        return sample_video(EXAMPLES.parent / ".cache")
    except NoSample as error:
        pytest.skip(f"the clip cannot be had: {error}")


def test_the_pipeline(server: Server, video: Path, tmp_path: Path) -> None:
    source = probe(FFMPEG, video)
    done = python(server, RUN, str(video), "--name", "first")
    assert done.returncode == 0, done.stderr
    manifest = json.loads(done.stdout)
    assert manifest["media"]["duration_s"] == pytest.approx(source.duration_s, abs=0.05)
    s3 = server.client("s3")
    for height, width in ((480, 854), (720, 1280), (1080, 1920)):
        (entry,) = [e for e in manifest["encodings"] if e["height"] == height]
        file = tmp_path / f"{height}.mp4"
        s3.download_file(BUCKET, entry["key"], str(file))
        media = probe(FFMPEG, file)
        assert (media.width, media.height, media.has_audio) == (width, height, source.has_audio)
        assert media.duration_s == pytest.approx(source.duration_s, abs=0.2)
        assert decodes(FFMPEG, file, tail_s=1) == ""
    pictures = []
    for key in manifest["stills"]:
        still = tmp_path / "still.jpg"
        s3.download_file(BUCKET, key, str(still))
        assert probe(FFMPEG, still).width == 320
        pictures.append(still.read_bytes())
    assert len(set(pictures)) == 4, "a short video gets four, from different seconds"
    stored = s3.get_object(Bucket=BUCKET, Key="outputs/bigbuckbunny/manifest.json")
    assert json.loads(stored["Body"].read()) == manifest
    check_announced(server)
    drawn = owari(server, "graph", "video-workflow:first").stdout
    assert "succeeded after" in drawn
    assert "✓ 4/4" in drawn


def check_announced(server: Server) -> None:
    logs = server.client("logs")
    group = "/aws/lambda/workflow-announce"

    def announced() -> bool:
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return False
        found = logs.filter_log_events(logGroupName=group, filterPattern='"video ready"')
        return bool(found["events"])

    eventually(announced)


def test_what_is_no_video_is_refused(server: Server, tmp_path: Path) -> None:
    """And everything may be created again."""
    (tmp_path / "x.mp4").write_text("not a video")
    for _ in range(2):
        done = python(server, RUN, str(tmp_path / "x.mp4"))
        assert done.returncode == 1
        assert "FAILED: NotAVideo: there is no picture in incoming/x.mp4" in done.stderr
        assert "Traceback" not in done.stderr
