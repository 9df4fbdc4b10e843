"""The handlers on their own: real ffmpeg, a folder in the place of the bucket."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from owari.demo.check import examine
from owari.demo.ffmpeg import find_ffmpeg, probe
from owari.demo.progress import Run
from owari.demo.stack import SOURCES, WORKERS

FFMPEG = find_ffmpeg() or "ffmpeg"


class Folder:
    """Stands for the bucket: keys are files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def download_file(self, bucket: str, key: str, target: str) -> None:
        shutil.copy(self.root / key, target)

    def upload_file(self, source: str, bucket: str, key: str, ExtraArgs: dict[str, str]) -> None:
        (self.root / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, self.root / key)
        self.last_type = ExtraArgs["ContentType"]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    def loaded(source: str, **variables: str) -> ModuleType:
        for name, value in {"AWS_DEFAULT_REGION": "us-east-1", "FFMPEG": FFMPEG}.items():
            monkeypatch.setenv(name, value)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        spec = importlib.util.spec_from_file_location(source, SOURCES / f"{source}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded


SOUND = ["-f", "lavfi", "-i", "sine=duration=1", "-shortest"]


@pytest.mark.parametrize(
    ("size", "sound", "worker"),
    [("320x180", SOUND, 0), ("180x320", [], 0), ("322x182", SOUND, 1), ("64x48", [], 3)],
)
def test_outputs_are_right_whatever_the_input(
    load: Any, tmp_path: Path, size: str, sound: list[str], worker: int
) -> None:
    picture = ["-f", "lavfi", "-i", f"testsrc=size={size}:rate=10:duration=1"]
    (tmp_path / "incoming").mkdir()
    video = tmp_path / "incoming" / "my clip.mkv"
    subprocess.run([FFMPEG, "-v", "error", *picture, *sound, str(video)], check=True)
    made = WORKERS[worker]
    module = load(made.source, HEIGHT=str(made.height))
    module.s3 = Folder(tmp_path)
    message = json.dumps({"bucket": "b", "key": "incoming/my clip.mkv"})
    module.handler({"Records": [{"Sns": {"Message": message}}]}, None)
    output = tmp_path / "outputs" / "my clip" / made.output
    assert examine(FFMPEG, made, output, probe(FFMPEG, video), Run()).wrong == ""
    assert probe(FFMPEG, output).has_audio is bool(sound)


def test_a_file_that_is_no_video_is_an_error(load: Any, tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("not a video")
    for source in ("transcode", "thumbnail"):
        module = load(source, HEIGHT="480")
        module.s3 = Folder(tmp_path)
        message = json.dumps({"bucket": "b", "key": "x.mp4"})
        with pytest.raises((RuntimeError, subprocess.CalledProcessError)):
            module.handler({"Records": [{"Sns": {"Message": message}}]}, None)


def test_the_starter_tells_the_topic_what_arrived(load: Any) -> None:
    module = load("starter", TOPIC_ARN="arn:topic")
    told: list[dict[str, str]] = []
    module.sns = type("Topic", (), {"publish": staticmethod(lambda **p: told.append(p))})
    record = {"s3": {"bucket": {"name": "b"}, "object": {"key": "incoming/my+clip%21.mp4"}}}
    module.handler({"Records": [record]}, None)
    assert told == [
        {
            "TopicArn": "arn:topic",
            "Message": json.dumps({"bucket": "b", "key": "incoming/my clip!.mp4"}),
        }
    ]
