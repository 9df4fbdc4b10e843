"""One picture out of a video, at a given second."""

import os
import pathlib
import subprocess
import tempfile
from typing import Any

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "input", pathlib.Path(folder) / "still.jpg"
        s3.download_file(event["bucket"], event["key"], str(source))
        command = [
            os.environ["FFMPEG"], "-nostdin", "-hide_banner", "-loglevel", "error",
            "-ss", str(event["at_s"]), "-i", str(source),
            "-vf", "scale=320:-2", "-frames:v", "1", "-q:v", "3", str(target),
        ]  # fmt: skip
        subprocess.run(command, check=True)
        title = pathlib.PurePosixPath(event["key"]).stem
        key = f"outputs/{title}/still-{event['number']:02d}.jpg"
        s3.upload_file(str(target), event["bucket"], key, ExtraArgs={"ContentType": "image/jpeg"})
        return {"key": key}
