"""A video was announced: encode it at one height and put the result back into the bucket.

An ordinary Lambda function for SNS. Its environment: HEIGHT (lines, e.g. 480), FFMPEG (path).
"""

import json
import os
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Iterable
from typing import Any

import boto3

HEIGHT = int(os.environ["HEIGHT"])
NAME = f"{HEIGHT}p"

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> None:
    for record in event["Records"]:
        message = json.loads(record["Sns"]["Message"])
        with tempfile.TemporaryDirectory() as folder:
            convert(message["bucket"], message["key"], pathlib.Path(folder))


def convert(bucket: str, key: str, folder: pathlib.Path) -> None:
    source, target = folder / "input", folder / f"{NAME}.mp4"
    s3.download_file(bucket, key, str(source))
    encode(source, target)
    title = pathlib.PurePosixPath(key).stem
    s3.upload_file(
        str(target),
        bucket,
        f"outputs/{title}/{target.name}",
        ExtraArgs={"ContentType": "video/mp4"},
    )


def encode(source: pathlib.Path, target: pathlib.Path) -> None:
    """Same aspect ratio (an even width), same sound if there is any."""
    command = [
        os.environ["FFMPEG"], "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats",
        "-progress", "pipe:1", "-i", str(source),
        "-map", "0:v:0", "-map", "0:a:0?", "-vf", f"scale=-2:{HEIGHT}",
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p",
        "-threads", str(min(8, os.cpu_count() or 1)),
        "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(target),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ffmpeg:
        tell_progress(ffmpeg.stdout or ())
    if ffmpeg.returncode != 0:
        raise RuntimeError(f"ffmpeg ended with status {ffmpeg.returncode}")


def tell_progress(lines: Iterable[str]) -> None:
    """Print how far it is, now and then: `ffmpeg -progress` reports twice a second."""
    told = 0.0
    for line in lines:
        name, _, value = line.strip().partition("=")
        if name == "out_time_us" and value.isdigit() and time.monotonic() - told > 0.4:
            told = time.monotonic()
            print(json.dumps({"output": NAME, "seconds": int(value) / 1e6}), flush=True)
