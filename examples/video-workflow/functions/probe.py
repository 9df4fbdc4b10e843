"""What a video holds: its size, length and title. Raises NotAVideo."""

import os
import pathlib
import re
import subprocess
import tempfile
from typing import Any

import boto3

s3 = boto3.client("s3")


class NotAVideo(Exception):
    """Becomes the error's name in the state machine."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "input"
        s3.download_file(event["bucket"], event["key"], str(source))
        command = [os.environ["FFMPEG"], "-nostdin", "-hide_banner", "-i", str(source)]
        told = subprocess.run(command, capture_output=True, text=True, errors="replace").stderr
    picture = re.search(r"Video: .*?, (\d{2,5})x(\d{2,5})", told)
    length = re.search(r"Duration: (\d+):(\d\d):(\d\d\.\d+)", told)
    if picture is None or length is None:
        raise NotAVideo(event["key"])
    hours, minutes, seconds = length.groups()
    return {
        "title": pathlib.PurePosixPath(event["key"]).stem,
        "width": int(picture[1]),
        "height": int(picture[2]),
        "duration_s": int(hours) * 3600 + int(minutes) * 60 + float(seconds),
    }
