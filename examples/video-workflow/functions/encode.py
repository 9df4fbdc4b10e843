"""Encode a video at one height; the same aspect ratio, the same sound if there is any."""

import os
import pathlib
import subprocess
import tempfile
from typing import Any

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    name = f"{event['height']}p.mp4"
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "input", pathlib.Path(folder) / name
        s3.download_file(event["bucket"], event["key"], str(source))
        command = [
            os.environ["FFMPEG"], "-nostdin", "-hide_banner", "-loglevel", "error",
            "-i", str(source), "-map", "0:v:0", "-map", "0:a:0?",
            "-vf", f"scale=-2:{event['height']}",
            "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-movflags", "+faststart", str(target),
        ]  # fmt: skip
        subprocess.run(command, check=True)
        key = f"outputs/{pathlib.PurePosixPath(event['key']).stem}/{name}"
        s3.upload_file(str(target), event["bucket"], key, ExtraArgs={"ContentType": "video/mp4"})
        return {"key": key, "height": event["height"], "bytes": target.stat().st_size}
